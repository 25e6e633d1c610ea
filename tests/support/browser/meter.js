// Measures a call as the instrument does, at as little cost as the browser allows: it must not slow what it measures.
import { readClock } from "./card.js";

// Every so many pictures the clock of the card is read back, which is dear.
const READ_EVERY = 6;
const SECOND_MS = 1000;
// Longer gaps between pictures are told one by one.
const LONG_GAP_MS = 200;
// How often the page looks whether it is late itself.
const BEAT_MS = 50;

const percentile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? null;

/** Watches a connection and the element that shows its picture, once a second and at each picture. */
export class Meter {
  frames = 0;
  longest_gap_ms = 0;
  gaps_over_200 = 0;
  latencies = [];
  latencies_now = [];
  // When a long gap ended, in seconds since the call was placed (or accepted), and its length in milliseconds.
  gaps_now = [];
  sizes = {};
  seconds = [];
  busy_ms = 0;

  /** `since`: when the call was placed (or accepted), in milliseconds of Unix time. */
  constructor(connection, video, since) {
    this.connection = connection;
    this.placed = since - performance.timeOrigin;
    this.canvas = new OffscreenCanvas(1, 1);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    const look = (now, picture) => {
      this.picture(video, now, picture);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    setInterval(() => this.second(), SECOND_MS);
    this.beat_at = performance.now();
    setInterval(() => this.beat(), BEAT_MS);
  }

  /** Counts the time in which this page was too busy to see pictures, since the last one that it saw. */
  beat() {
    const now = performance.now();
    this.busy_ms += Math.max(now - this.beat_at - BEAT_MS, 0);
    this.beat_at = now;
  }

  picture(video, now, { presentedFrames, presentationTime, width, height }) {
    this.first_frame_at ??= performance.timeOrigin + now;
    // Pictures that were presented and not seen are counted, and share the gap. Of a long one they share no more than the
    // time in which this page was busy: after a cut of the network several come at once, at the end of the gap.
    const passed = Math.max(presentedFrames - (this.presented ?? presentedFrames - 1), 1);
    this.presented = presentedFrames;
    const whole = this.last === undefined ? 0 : now - this.last;
    this.last = now;
    this.beat();
    const gap = whole > LONG_GAP_MS ? Math.max(whole / passed, whole - this.busy_ms) : whole / passed;
    this.busy_ms = 0;
    this.longest_gap_ms = Math.max(this.longest_gap_ms, gap);
    if (gap > LONG_GAP_MS) {
      this.gaps_over_200++;
      this.gaps_now.push([(now - this.placed) / SECOND_MS, gap]);
    }
    const before = this.frames;
    this.frames += passed;
    const size = `${width}x${height}`;
    this.sizes[size] = (this.sizes[size] ?? 0) + passed;
    if (Math.floor(before / READ_EVERY) !== Math.floor(this.frames / READ_EVERY)) this.read(video, width, presentationTime);
  }

  /** Reads the clock of the picture that was presented at `shown`: what reading costs is not the call's. */
  read(video, width, shown) {
    if (this.canvas.width !== width) this.canvas.width = width;
    this.context.drawImage(video, 0, Math.floor(width / 64), width, 1, 0, 0, width, 1);
    const clock = readClock(this.context.getImageData(0, 0, width, 1).data, width);
    const latency = (Math.round(performance.timeOrigin + shown) - clock) >>> 0;
    if (clock === null || latency > 10_000) return;
    this.latencies.push(latency);
    this.latencies_now.push(latency);
  }

  async second() {
    const stats = [...(await this.connection.getStats()).values()];
    const rtp = (type, kind) => stats.find((s) => s.type === type && s.kind === kind) ?? {};
    const [video, audio] = [rtp("inbound-rtp", "video"), rtp("inbound-rtp", "audio")];
    const pair = stats.find((s) => s.type === "candidate-pair" && s.nominated) ?? {};
    const local = stats.find(({ id }) => id === pair.localCandidateId);
    const now = {
      at: performance.now(),
      bytes: [video, audio].reduce((sum, s) => sum + (s.bytesReceived ?? 0), 0),
      frames: this.frames,
    };
    const { at, bytes, frames } = this.previous ?? { ...now, at: now.at - SECOND_MS };
    this.previous = now;
    const per_second = SECOND_MS / (now.at - at);
    this.seconds.push({
      t: (now.at - this.placed) / SECOND_MS,
      fps: (now.frames - frames) * per_second,
      kbps_in: ((now.bytes - bytes) * 8 * per_second) / 1000,
      size: [video.frameWidth ?? null, video.frameHeight ?? null],
      latency_ms: { p50: percentile(this.latencies_now, 0.5) },
      gaps: this.gaps_now,
      target_kbps: pair.availableOutgoingBitrate ? pair.availableOutgoingBitrate / 1000 : null,
      rtt_ms: pair.currentRoundTripTime * 1000,
    });
    [this.latencies_now, this.gaps_now] = [[], []];
    this.last_stats = {
      freeze_count: video.freezeCount ?? 0,
      freeze_s: video.totalFreezesDuration ?? 0,
      audio_concealed_pct: audio.totalSamplesReceived
        ? (100 * audio.concealedSamples) / audio.totalSamplesReceived
        : null,
      codec: stats.find(({ id }) => id === video.codecId)?.mimeType?.split("/")[1] ?? null,
      encoder: rtp("outbound-rtp", "video").encoderImplementation ?? null,
      decoder: video.decoderImplementation ?? null,
      relayed: local ? local.candidateType === "relay" : null,
    };
  }

  /** Waits for so many seconds of measurement. */
  async until(seconds) {
    while (this.seconds.length < seconds) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  /** In the members of the instrument's summary. */
  summary(marks) {
    const since = (from, to) => (from && to ? to - from : null);
    const seconds = this.seconds.slice(1);
    return {
      begun_unix_ms: this.placed + performance.timeOrigin,
      setup_ms: since(marks.placed ?? marks.accepted, marks.connected),
      first_frame_ms: since(marks.accepted, this.first_frame_at),
      frames: this.frames,
      latency_ms: { p50: percentile(this.latencies, 0.5), p95: percentile(this.latencies, 0.95), n: this.latencies.length },
      gap_ms: { max: this.longest_gap_ms, over200: this.gaps_over_200 },
      sizes: this.sizes,
      ...this.last_stats,
      seconds,
    };
  }
}
