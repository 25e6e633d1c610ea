/**
 * One feed of pictures from the app onto a canvas.
 *
 *   socket --> parsePicture --> ChunkDecoder --> newest frame --> animation frame --> canvas
 *                          \-> newest I420 picture ----------/
 *
 * Between two animation frames the newest picture wins. The canvas tells tests what it shows: `data-frames` counts
 * pictures drawn, `data-width` and `data-height` are those of the last one, `data-kind` how it came.
 */
import type { FeedSocket } from '../host/host';
import { CanvasPainter, i420Painter, type I420Painter } from './canvas';
import { ChunkDecoder, decodableCodecs } from './webcodecs';
import { formatRequest, parsePicture, type Codec, type FeedRequest, type I420Picture, type Size } from './wire';

/** A first failure may be one damaged chunk; after the second the app decodes for the rest of the call. */
const FAILURES_ALLOWED = 1;
const RETRY_FIRST_MS = 250;
const RETRY_LONGEST_MS = 4000;

export interface FeedOptions {
  /** Opens a new connection; called again when one is lost. */
  open: () => Promise<FeedSocket>;
  /** Whether the webview may decode. One's own picture comes straight from the camera, never encoded. */
  encoded: boolean;
  /** The size it is drawn at, in device pixels. */
  size: Size;
  /** Called when a picture has been drawn. */
  onPicture: () => void;
}

type Newest = { kind: 'frame'; frame: VideoFrame } | I420Picture;

export class Feed {
  readonly #canvas: HTMLCanvasElement;
  readonly #options: FeedOptions;
  #size: Size;
  #codecs: Codec[] = [];
  #socket: FeedSocket | null = null;
  #connected = false;
  #decoder: ChunkDecoder | null = null;
  #framePainter: CanvasPainter | null = null;
  #i420Painter: I420Painter | null = null;
  #newest: Newest | null = null;
  #animation = 0;
  #failures = 0;
  #frames = 0;
  #retryMs = RETRY_FIRST_MS;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(canvas: HTMLCanvasElement, options: FeedOptions) {
    this.#canvas = canvas;
    this.#options = options;
    this.#size = options.size;
    void this.#start();
  }

  /** Tells the app the size at which it is drawn now. */
  resize(size: Size): void {
    if (size.width === this.#size.width && size.height === this.#size.height) return;
    this.#size = size;
    this.#want();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    cancelAnimationFrame(this.#animation);
    this.#dropNewest();
    this.#decoder?.close();
    this.#socket?.close();
  }

  async #start(): Promise<void> {
    if (this.#options.encoded) this.#codecs = await decodableCodecs();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    let socket: FeedSocket;
    try {
      socket = await this.#options.open();
    } catch {
      this.#connectLater();
      return;
    }
    if (this.#closed) {
      socket.close();
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#connected = true;
      this.#want();
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#take(data);
    };
    socket.onclose = () => {
      this.#connected = false;
      this.#connectLater();
    };
  }

  #connectLater(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LONGEST_MS);
  }

  #ask(request: FeedRequest): void {
    if (this.#connected) this.#socket?.send(formatRequest(request));
  }

  #want(): void {
    const mode = this.#codecs.length > 0 ? 'encoded' : 'i420';
    this.#ask({ type: 'want', mode, codecs: this.#codecs, ...this.#size });
  }

  #take(message: ArrayBuffer): void {
    if (this.#closed) return;
    const picture = parsePicture(message);
    this.#retryMs = RETRY_FIRST_MS;
    if (picture?.kind === 'i420') {
      this.#show(picture);
    } else {
      // A message that cannot be read is answered too, or the app would wait for ever.
      if (picture && this.#codecs.length > 0) this.#decode().decode(picture);
      this.#ask({ type: 'ready' });
    }
  }

  #decode(): ChunkDecoder {
    this.#decoder ??= new ChunkDecoder({
      frame: (frame) => this.#show({ kind: 'frame', frame }),
      needKeyFrame: () => this.#ask({ type: 'key_frame' }),
      failed: () => this.#decoderFailed(),
    });
    return this.#decoder;
  }

  #decoderFailed(): void {
    this.#decoder?.close();
    this.#decoder = null;
    this.#failures += 1;
    if (this.#failures <= FAILURES_ALLOWED) {
      this.#ask({ type: 'key_frame' });
    } else {
      this.#codecs = [];
      this.#want();
    }
  }

  #show(newest: Newest): void {
    if (this.#closed) {
      if (newest.kind === 'frame') newest.frame.close();
      return;
    }
    const waiting = this.#newest !== null;
    this.#dropNewest();
    this.#newest = newest;
    if (!waiting) this.#animation = requestAnimationFrame(() => this.#draw());
  }

  #dropNewest(): void {
    if (this.#newest?.kind === 'frame') this.#newest.frame.close();
    this.#newest = null;
  }

  #draw(): void {
    const newest = this.#newest;
    if (!newest) return;
    if (newest.kind === 'frame') {
      this.#framePainter ??= new CanvasPainter(this.#canvas);
      this.#framePainter.paintFrame(newest.frame);
    } else {
      // After frames the canvas has a 2D context already, which draws I420 too.
      this.#i420Painter ??= this.#framePainter ?? i420Painter(this.#canvas);
      this.#i420Painter.paint(newest);
    }
    this.#dropNewest();
    if (newest.kind === 'i420') this.#ask({ type: 'ready' });
    this.#frames += 1;
    Object.assign(this.#canvas.dataset, {
      frames: this.#frames,
      width: this.#canvas.width,
      height: this.#canvas.height,
      kind: newest.kind === 'frame' ? 'encoded' : 'i420',
    });
    this.#options.onPicture();
  }
}
