/** A feed without an app: speaks `video/wire.ts` as the app does, with a drawn person for a picture. */
import { fromRgba } from '../../video/i420';
import { formatPicture, type FeedRequest, type Want } from '../../video/wire';
import type { FeedSocket, Which } from '../host';
import { drawPerson, PICTURE } from './picture';

export type FeedKind = 'good' | 'i420' | 'damaged' | 'repaired';

const FPS = 20;
const BITRATE = 1_000_000;
/** Every so many ticks a repaired chain brings so many pictures at once, all red. */
const REPAIR_EVERY = 10;
const REPAIRED = 24;

export class FakeFeed implements FeedSocket {
  binaryType: BinaryType = 'blob';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #timer: ReturnType<typeof setInterval>;
  #encoder: VideoEncoder | null = null;
  #want: Want | null = null;
  #taken = true;
  #keyWanted = true;
  #frame = 0;
  /** Of the chunks that the encoder has yet to put out, whether they are past. */
  readonly #past: boolean[] = [];
  #held: ArrayBuffer[] = [];

  constructor(
    readonly which: Which,
    readonly kind: FeedKind,
  ) {
    const context = new OffscreenCanvas(PICTURE.width, PICTURE.height).getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('no 2D context');
    this.#context = context;
    // A task, as the opening of a real socket is.
    setTimeout(() => this.onopen?.());
    this.#timer = setInterval(() => this.#tick(), 1000 / FPS);
  }

  send(text: string): void {
    const request = JSON.parse(text) as FeedRequest;
    switch (request.type) {
      case 'want':
        this.#want = request;
        this.#keyWanted = true;
        break;
      case 'ready':
        this.#taken = true;
        break;
      case 'key_frame':
        this.#keyWanted = true;
        if (this.kind === 'repaired') console.error('fake feed: a key frame, though nothing was lost');
        break;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#encoder?.close();
    this.#encoder = null;
    this.onclose?.();
  }

  #tick(): void {
    if (!this.#want) return;
    const timestampUs = Math.round((this.#frame++ * 1_000_000) / FPS);
    if (this.kind !== 'i420' && this.#want.mode === 'encoded') {
      if (this.kind === 'damaged') this.#emitChunk(true, timestampUs, new Uint8Array(64).fill(0xaa));
      else this.#encode(timestampUs);
    } else if (this.#taken) {
      this.#taken = false;
      this.#emitI420(timestampUs, this.#want);
    }
  }

  #encode(timestamp: number): void {
    if (this.kind === 'repaired' && this.#frame % REPAIR_EVERY === 0) {
      this.#context.fillStyle = 'red';
      this.#context.fillRect(0, 0, PICTURE.width, PICTURE.height);
      // By times that the pictures around them have too.
      for (let n = 0; n < REPAIRED; n++) this.#encodeDrawn(timestamp, true);
    }
    drawPerson(this.#context, this.which, this.#frame);
    this.#encodeDrawn(timestamp, false);
  }

  #encodeDrawn(timestamp: number, past: boolean): void {
    this.#encoder ??= this.#newEncoder();
    const frame = new VideoFrame(this.#context.canvas, { timestamp });
    this.#past.push(past);
    this.#encoder.encode(frame, { keyFrame: this.#keyWanted });
    this.#keyWanted = false;
    frame.close();
  }

  #newEncoder(): VideoEncoder {
    const encoder = new VideoEncoder({
      output: (chunk) => {
        const payload = new Uint8Array(chunk.byteLength);
        chunk.copyTo(payload);
        this.#emitChunk(chunk.type === 'key', chunk.timestamp, payload);
      },
      error: (error) => console.error('fake feed:', error),
    });
    encoder.configure({ codec: 'vp8', ...PICTURE, bitrate: BITRATE, framerate: FPS, latencyMode: 'realtime' });
    return encoder;
  }

  #emitChunk(key: boolean, timestampUs: number, payload: Uint8Array<ArrayBuffer>): void {
    const past = this.#past.shift() ?? false;
    this.#held.push(formatPicture({ kind: 'encoded', codec: 'vp8', key, past, timestampUs, payload, ...PICTURE }));
    if (past) return;
    this.#held.forEach((data) => this.#emit(data));
    this.#held = [];
  }

  #emitI420(timestampUs: number, want: Want): void {
    const scale = Math.min(1, want.width / PICTURE.width, want.height / PICTURE.height);
    const width = Math.max(2, Math.round(PICTURE.width * scale));
    const height = Math.max(2, Math.round(PICTURE.height * scale));
    this.#context.save();
    this.#context.scale(width / PICTURE.width, height / PICTURE.height);
    drawPerson(this.#context, this.which, this.#frame);
    this.#context.restore();
    const { data } = this.#context.getImageData(0, 0, width, height);
    this.#emit(formatPicture({ kind: 'i420', width, height, timestampUs, payload: fromRgba(data, width, height) }));
  }

  #emit(data: ArrayBuffer): void {
    this.onmessage?.({ data });
  }
}
