/**
 * The only way out of the UI. `tauri.ts` is the real one; `fake/` plays scripted scenes for tests and screenshots.
 */
import { getContext, setContext } from 'svelte';
import type { Command } from '../types/Command';
import type { Snapshot } from '../types/Snapshot';

/** Whose picture a feed carries: the other person's, or one's own. */
export type Which = 'remote' | 'self';

/** As much of a `WebSocket` as a feed needs. What goes over it is described in `video/wire.ts`. */
export interface FeedSocket {
  binaryType: BinaryType;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface WindowControls {
  setTitle(title: string): void;
  /** Asks the desktop to point at the window (bouncing dock, flashing taskbar), or to stop doing so. */
  attract(on: boolean): void;
}

export interface Host {
  /** Calls `show` with the present snapshot and with every later one, until the returned function is called. */
  subscribe(show: (snapshot: Snapshot) => void): () => void;
  /** Asks for something. What comes of it is seen in the next snapshot. */
  send(command: Command): void;
  /** Opens a feed of pictures; it stays with its caller, who closes it. Rejects where there is none. */
  openFeed(which: Which): Promise<FeedSocket>;
  readonly window: WindowControls;
}

const KEY = Symbol('host');

export function provideHost(host: Host): void {
  setContext(KEY, host);
}

export function useHost(): Host {
  return getContext<Host>(KEY);
}
