import { describe, expect, it } from 'vitest';
import { formatPicture, formatRequest, HEADER_BYTES, i420Bytes, parsePicture } from './wire';

function bytes(...values: number[]): ArrayBuffer {
  return new Uint8Array(values).buffer;
}

// 640 = 0x0280, 360 = 0x0168, 1_000_000 = 0x0F4240
const VP8_KEY = [1, 1, 1, 0, 0x80, 2, 0x68, 1, 0x40, 0x42, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

describe('pictures', () => {
  it('reads an encoded key frame byte by byte', () => {
    expect(parsePicture(bytes(...VP8_KEY, 7, 8, 9))).toEqual({
      kind: 'encoded',
      codec: 'vp8',
      key: true,
      past: false,
      width: 640,
      height: 360,
      timestampUs: 1_000_000,
      payload: new Uint8Array([7, 8, 9]),
    });
  });

  it('takes a chunk whose size only the codec knows', () => {
    expect(parsePicture(bytes(...VP8_KEY.slice(0, 4), 0, 0, 0, 0, ...VP8_KEY.slice(8)))).toMatchObject({
      kind: 'encoded',
    });
  });

  it.each([
    [0xfc, false, false],
    [0xfe, false, true],
    [0x01, true, false],
  ])('reads the flags %i bit by bit', (flags, key, past) => {
    const message = [...VP8_KEY];
    message[2] = flags;
    expect(parsePicture(bytes(...message))).toMatchObject({ key, past });
  });

  it('rounds chroma up for odd sizes', () => {
    expect(i420Bytes({ width: 3, height: 5 })).toBe(15 + 2 * 2 * 3);
  });

  it('writes what it reads', () => {
    const picture = {
      kind: 'i420',
      width: 4,
      height: 2,
      timestampUs: 2 ** 40,
      payload: new Uint8Array(12).fill(5),
    } as const;
    const message = formatPicture(picture);
    expect(message.byteLength).toBe(HEADER_BYTES + 12);
    expect(parsePicture(message)).toEqual(picture);
  });

  it.each([
    ['a message shorter than its header', VP8_KEY.slice(0, 23)],
    ['an unknown kind', [9, ...VP8_KEY.slice(1)]],
    ['an unknown codec', [1, 7, ...VP8_KEY.slice(2)]],
    ['an I420 picture without extent', [2, 0, 0, 0, 0, 0, 0, 0, ...VP8_KEY.slice(8)]],
    ['I420 whose planes are cut short', [2, 0, ...VP8_KEY.slice(2), 1, 2, 3]],
  ])('refuses %s', (_, message) => {
    expect(parsePicture(bytes(...message))).toBeNull();
  });
});

it('asks in JSON', () => {
  expect(formatRequest({ type: 'want', mode: 'encoded', codecs: ['vp8'], width: 640, height: 360 })).toBe(
    '{"type":"want","mode":"encoded","codecs":["vp8"],"width":640,"height":360}',
  );
  expect(formatRequest({ type: 'ready' })).toBe('{"type":"ready"}');
});
