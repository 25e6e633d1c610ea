// What this page sees and hears of the other side.
import { readClock } from "./card.js";

/** Reads the clock of the test card from every frame that a video element shows. */
export class Eye {
  frames = 0;
  unreadable = 0;
  clocks = new Set();
  latencies = [];

  constructor(video) {
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const look = () => {
      this.see(video, canvas, context);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  see(video, canvas, context) {
    const width = video.videoWidth;
    this.frames++;
    if (canvas.width !== width) canvas.width = width;
    // The middle row of the cells is enough.
    context.drawImage(video, 0, Math.floor(width / 64), width, 1, 0, 0, width, 1);
    const clock = readClock(context.getImageData(0, 0, width, 1).data, width);
    const latency = (Date.now() - clock) >>> 0;
    if (clock === null || latency > 10_000) {
      this.unreadable++;
    } else {
      this.clocks.add(clock);
      this.latencies.push(latency);
    }
  }

  latency() {
    return this.latencies.toSorted((a, b) => a - b)[this.latencies.length >> 1] ?? null;
  }
}

/** Counts beeps of 1 kHz in a stream. */
export class Ear {
  beeps = 0;

  constructor(stream) {
    const audio = new AudioContext({ sampleRate: 48000 });
    const analyser = new AnalyserNode(audio, { fftSize: 1024, smoothingTimeConstant: 0 });
    new MediaStreamAudioSourceNode(audio, { mediaStream: stream }).connect(analyser);
    const levels = new Float32Array(analyser.frequencyBinCount);
    let beeping = false;
    setInterval(() => {
      analyser.getFloatFrequencyData(levels);
      const peak = levels.indexOf(Math.max(...levels));
      const hertz = (peak * audio.sampleRate) / analyser.fftSize;
      const now = levels[peak] > -40 && Math.abs(hertz - 1000) < 60;
      if (now && !beeping) this.beeps++;
      beeping = now;
    }, 10);
  }
}
