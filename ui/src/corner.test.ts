import { expect, it } from 'vitest';
import { moved, nearest } from './corner';

const box = { x: 100, y: 50, width: 400, height: 300 };

it.each([
  [{ x: 120, y: 60 }, 'top-left'],
  [{ x: 480, y: 60 }, 'top-right'],
  [{ x: 299, y: 349 }, 'bottom-left'],
  [{ x: 900, y: 900 }, 'bottom-right'],
])('drops %j in the corner %s', (point, corner) => {
  expect(nearest(point, box)).toBe(corner);
});

it('moves by one arrow key along one axis', () => {
  expect(moved('bottom-right', 'ArrowUp')).toBe('top-right');
  expect(moved('bottom-right', 'ArrowLeft')).toBe('bottom-left');
  expect(moved('bottom-right', 'ArrowDown')).toBe('bottom-right');
  expect(moved('bottom-right', 'Enter')).toBeNull();
});
