import { expect, it } from 'vitest';
import { shortcutOf } from './keys';

const plain = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, repeat: false };

it.each([
  ['m', 'microphone'],
  ['M', 'microphone'],
  ['v', 'camera'],
  ['c', 'chat'],
  ['Escape', 'escape'],
  ['x', null],
])('takes %s for %s', (key, shortcut) => {
  expect(shortcutOf({ ...plain, key }, false)).toBe(shortcut);
});

it('leaves letters alone while text is being written, but not Escape', () => {
  expect(shortcutOf({ ...plain, key: 'm' }, true)).toBeNull();
  expect(shortcutOf({ ...plain, key: 'Escape' }, true)).toBe('escape');
});

it('hangs up on Ctrl or Cmd with Shift and H only, even while writing', () => {
  expect(shortcutOf({ ...plain, key: 'H', shiftKey: true, ctrlKey: true }, true)).toBe('hang-up');
  expect(shortcutOf({ ...plain, key: 'h', shiftKey: true, metaKey: true }, false)).toBe('hang-up');
  expect(shortcutOf({ ...plain, key: 'h', ctrlKey: true }, false)).toBeNull();
  expect(shortcutOf({ ...plain, key: 'm', ctrlKey: true }, false)).toBeNull();
});

it('does not flicker while a key is held', () => {
  expect(shortcutOf({ ...plain, key: 'm', repeat: true }, false)).toBeNull();
});
