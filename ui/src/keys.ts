/** Keyboard shortcuts in a call. */
export type Shortcut = 'microphone' | 'camera' | 'chat' | 'hang-up' | 'escape';

/** As `aria-keyshortcuts` wants them. */
export const SHORTCUTS: Record<Exclude<Shortcut, 'escape'>, string> = {
  microphone: 'M',
  camera: 'V',
  chat: 'C',
  'hang-up': 'Control+Shift+H Meta+Shift+H',
};

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey' | 'repeat'>;

/** What a key press asks for. Letters ask for nothing while text is being written. */
export function shortcutOf(event: Key, writing: boolean): Shortcut | null {
  if (event.repeat || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return event.shiftKey && key === 'h' ? 'hang-up' : null;
  if (key === 'escape') return 'escape';
  if (writing) return null;
  switch (key) {
    case 'm':
      return 'microphone';
    case 'v':
      return 'camera';
    case 'c':
      return 'chat';
    default:
      return null;
  }
}

/** Whether keys go into a field. */
export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select');
}
