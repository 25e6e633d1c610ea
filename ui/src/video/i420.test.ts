import { expect, it } from 'vitest';
import { fromRgba, toRgba } from './i420';

function roundTrip(colour: [number, number, number], width: number, height: number): Uint8ClampedArray {
  const from = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < from.length; at += 4) from.set([...colour, 255], at);
  const to = new Uint8ClampedArray(from.length);
  toRgba({ kind: 'i420', width, height, timestampUs: 0, payload: fromRgba(from, width, height) }, to);
  return to;
}

it.each([[[255, 255, 255]], [[0, 0, 0]], [[255, 0, 0]], [[0, 255, 0]], [[0, 0, 255]], [[90, 140, 200]]] as [
  [number, number, number],
][])('keeps the colour %j within 3 of 255', (colour) => {
  const got = roundTrip(colour, 5, 3);
  for (let at = 0; at < got.length; at += 4) {
    for (let channel = 0; channel < 3; channel++) {
      expect(Math.abs((got[at + channel] ?? -99) - (colour[channel] ?? 0))).toBeLessThanOrEqual(3);
    }
    expect(got[at + 3]).toBe(255);
  }
});

it('takes black level 16 for black and white level 235 for white', () => {
  const rgba = new Uint8ClampedArray(8);
  const payload = new Uint8Array([16, 235, 128, 128]);
  toRgba({ kind: 'i420', width: 2, height: 1, timestampUs: 0, payload }, rgba);
  expect([...rgba]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});
