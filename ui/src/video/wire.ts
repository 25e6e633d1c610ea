/**
 * What goes over a feed's WebSocket.
 *
 * App to UI, one binary message a picture: a header of 24 bytes, little-endian, then the payload.
 *
 * | offset | type | field |
 * |---|---|---|
 * | 0 | u8 | kind: 0 the last picture is no longer true, 1 encoded chunk, 2 I420 |
 * | 1 | u8 | codec: 0 none, 1 VP8, 2 H.264 (annex B) |
 * | 2 | u8 | flags: bit 0 = key frame; bit 1 = past: to be decoded for those that refer to it, and not to be shown |
 * | 3 | u8 | reserved, 0 |
 * | 4 | u16 | width in pixels |
 * | 6 | u16 | height in pixels |
 * | 8 | u64 | timestamp in microseconds |
 * | 16 | u64 | reserved, 0 |
 *
 * A chunk knows its size itself: 0 in its header. An I420 payload is the Y, U and V planes without padding; chroma is half as wide and high, rounded up.
 *
 * UI to app, JSON text: `want` on opening and whenever the drawn size or the ability to decode changes; `ready` once
 * for each picture taken, without which no second I420 picture is sent (so the newest wins); `key_frame` after a
 * chunk that could not be decoded.
 */
export const HEADER_BYTES = 24;

export type Codec = 'vp8' | 'h264';

export interface Size {
  width: number;
  height: number;
}

export interface EncodedPicture extends Size {
  kind: 'encoded';
  codec: Codec;
  key: boolean;
  /** A later one has been shown before it. */
  past: boolean;
  timestampUs: number;
  payload: Uint8Array<ArrayBuffer>;
}

export interface I420Picture extends Size {
  kind: 'i420';
  timestampUs: number;
  payload: Uint8Array<ArrayBuffer>;
}

export type Picture = EncodedPicture | I420Picture;

export type Want = { mode: 'encoded' | 'i420'; codecs: Codec[] } & Size;

export type FeedRequest = ({ type: 'want' } & Want) | { type: 'ready' } | { type: 'key_frame' };

const KEY_FLAG = 1;
const PAST_FLAG = 2;
const CODECS: Record<number, Codec> = { 1: 'vp8', 2: 'h264' };

/** Reads one binary message; `null` where it is none that this version knows. */
export function parsePicture(data: ArrayBuffer): Picture | null {
  if (data.byteLength < HEADER_BYTES) return null;
  const header = new DataView(data, 0, HEADER_BYTES);
  const width = header.getUint16(4, true);
  const height = header.getUint16(6, true);
  const common = {
    width,
    height,
    timestampUs: Number(header.getBigUint64(8, true)),
    payload: new Uint8Array(data, HEADER_BYTES),
  };
  switch (header.getUint8(0)) {
    case 1: {
      const codec = CODECS[header.getUint8(1)];
      const flags = header.getUint8(2);
      return codec
        ? { kind: 'encoded', codec, key: (flags & KEY_FLAG) !== 0, past: (flags & PAST_FLAG) !== 0, ...common }
        : null;
    }
    case 2:
      if (width === 0 || height === 0) return null;
      return common.payload.byteLength === i420Bytes(common) ? { kind: 'i420', ...common } : null;
    default:
      return null;
  }
}

export function i420Bytes({ width, height }: Size): number {
  return width * height + 2 * chroma(width) * chroma(height);
}

/** Extent of a chroma plane, given that of the luma plane. */
export function chroma(extent: number): number {
  return (extent + 1) >> 1;
}

export function formatRequest(request: FeedRequest): string {
  return JSON.stringify(request);
}

/** Writes one binary message. The app does this in Rust; here it serves the fake host and the tests. */
export function formatPicture(picture: Picture): ArrayBuffer {
  const bytes = new Uint8Array(HEADER_BYTES + picture.payload.byteLength);
  const header = new DataView(bytes.buffer);
  if (picture.kind === 'encoded') {
    header.setUint8(0, 1);
    header.setUint8(1, picture.codec === 'vp8' ? 1 : 2);
    header.setUint8(2, (picture.key ? KEY_FLAG : 0) | (picture.past ? PAST_FLAG : 0));
  } else {
    header.setUint8(0, 2);
  }
  header.setUint16(4, picture.width, true);
  header.setUint16(6, picture.height, true);
  header.setBigUint64(8, BigInt(picture.timestampUs), true);
  bytes.set(picture.payload, HEADER_BYTES);
  return bytes.buffer;
}
