/** Decoding by the webview (WebCodecs), in hardware where it has some. */
import type { Codec, EncodedPicture } from './wire';

const CONFIGS: Record<Codec, VideoDecoderConfig> = {
  vp8: { codec: 'vp8', optimizeForLatency: true },
  // Constrained baseline, level 3.1 (up to 1280x720 at 30 fps); annex B, so there is no description.
  h264: { codec: 'avc1.42E01F', optimizeForLatency: true },
};

/** Pictures to be shown waiting for the decoder beyond which it is too slow: half a second of them. */
const LONGEST_QUEUE = 15;

/** What this webview can decode, best first; empty where it has no WebCodecs. */
export async function decodableCodecs(): Promise<Codec[]> {
  if (typeof VideoDecoder === 'undefined') return [];
  const all: Codec[] = ['vp8', 'h264'];
  const can = await Promise.all(
    all.map((codec) =>
      VideoDecoder.isConfigSupported(CONFIGS[codec]).then(
        ({ supported }) => supported === true,
        () => false,
      ),
    ),
  );
  return all.filter((_, at) => can[at]);
}

export interface DecoderEvents {
  /** A picture; whoever gets it closes it. */
  frame(frame: VideoFrame): void;
  /** The next chunk that can be decoded is a key frame. */
  needKeyFrame(): void;
  /** Decoding has failed for good. */
  failed(error: unknown): void;
}

/** Chunks to let pass between two requests for a key frame: half a second. */
const ASK_AGAIN_AFTER = 15;

/** One stream of chunks. Starts at a key frame, and again at one after a change of codec. */
export class ChunkDecoder {
  readonly #events: DecoderEvents;
  readonly #decoder: VideoDecoder;
  #codec: Codec | null = null;
  #waitsForKey = true;
  #skipped = 0;
  /** The pictures in the decoder, in order. */
  #inside: { timestampUs: number; past: boolean }[] = [];

  constructor(events: DecoderEvents) {
    this.#events = events;
    this.#decoder = new VideoDecoder({
      output: (frame) => this.#output(frame),
      error: (error) => events.failed(error),
    });
  }

  decode({ codec, key, past, timestampUs, payload }: EncodedPicture): void {
    if (this.#decoder.state === 'closed') return;
    if (codec !== this.#codec || this.#isTooSlow()) this.#restart(codec);
    if (this.#waitsForKey && !key) {
      if (this.#skipped % ASK_AGAIN_AFTER === 0) this.#events.needKeyFrame();
      this.#skipped += 1;
      return;
    }
    this.#waitsForKey = false;
    this.#skipped = 0;
    this.#inside.push({ timestampUs, past });
    try {
      this.#decoder.decode(
        new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: timestampUs, data: payload }),
      );
    } catch (error) {
      this.#events.failed(error);
    }
  }

  #isTooSlow(): boolean {
    // Pictures of a chain that was repaired come many at once, and are soon done.
    const past = this.#inside.filter((picture) => picture.past).length;
    return this.#decoder.decodeQueueSize - past > LONGEST_QUEUE;
  }

  #output(frame: VideoFrame): void {
    const at = this.#inside.findIndex(({ timestampUs }) => timestampUs === frame.timestamp);
    // The decoder keeps the order: those before it have made no picture.
    const [picture] = this.#inside.splice(0, at + 1).slice(-1);
    if (picture?.past) frame.close();
    else this.#events.frame(frame);
  }

  /** Drops what waits, and takes up at the next key frame. */
  #restart(codec: Codec): void {
    if (this.#decoder.state === 'configured') this.#decoder.reset();
    this.#decoder.configure(CONFIGS[codec]);
    this.#codec = codec;
    this.#waitsForKey = true;
    this.#inside = [];
  }

  close(): void {
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }
}
