/** Decoding by the webview (WebCodecs), in hardware where it has some. */
import type { Codec, EncodedPicture } from './wire';

const CONFIGS: Record<Codec, VideoDecoderConfig> = {
  vp8: { codec: 'vp8', optimizeForLatency: true },
  // Constrained baseline, level 3.1 (up to 1280x720 at 30 fps); annex B, so there is no description.
  h264: { codec: 'avc1.42E01F', optimizeForLatency: true },
};

/** Chunks in the decoder beyond which it is too slow: half a second of pictures. */
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
  /** Timestamps of the pictures in the decoder that are not to be shown. */
  readonly #past = new Set<number>();

  constructor(events: DecoderEvents) {
    this.#events = events;
    this.#decoder = new VideoDecoder({
      output: (frame) => this.#output(frame),
      error: (error) => events.failed(error),
    });
  }

  decode({ codec, key, past, timestampUs, payload }: EncodedPicture): void {
    if (this.#decoder.state === 'closed') return;
    if (codec !== this.#codec || this.#decoder.decodeQueueSize > LONGEST_QUEUE) this.#restart(codec);
    if (this.#waitsForKey && !key) {
      if (this.#skipped % ASK_AGAIN_AFTER === 0) this.#events.needKeyFrame();
      this.#skipped += 1;
      return;
    }
    this.#waitsForKey = false;
    this.#skipped = 0;
    if (past) this.#past.add(timestampUs);
    try {
      this.#decoder.decode(
        new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: timestampUs, data: payload }),
      );
    } catch (error) {
      this.#events.failed(error);
    }
  }

  #output(frame: VideoFrame): void {
    if (this.#past.delete(frame.timestamp)) frame.close();
    else this.#events.frame(frame);
  }

  /** Drops what waits, and takes up at the next key frame. */
  #restart(codec: Codec): void {
    if (this.#decoder.state === 'configured') this.#decoder.reset();
    this.#decoder.configure(CONFIGS[codec]);
    this.#codec = codec;
    this.#waitsForKey = true;
    this.#past.clear();
  }

  close(): void {
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }
}
