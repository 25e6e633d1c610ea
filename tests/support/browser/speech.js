// Speech in place of the beep, and a record of what comes from the other side.
const RATE_HZ = 48000;

/** The sound of a WAV file. */
export async function readSpeech(url) {
  const file = await fetch(url);
  return new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await file.arrayBuffer());
}

/** A microphone into which `speech` is spoken once, from now on. */
export function speaker(audio, speech) {
  const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
  const voice = new AudioBufferSourceNode(audio, { buffer: speech });
  voice.connect(out);
  voice.start();
  return { stream: out.stream, at() {} };
}

/** Keeps all that is played of a track: what its receiver made of the packets, sample by sample. */
export class Recorder {
  blocks = [];

  constructor(track) {
    // Nothing between the receiver and the record, such as an AudioContext, which leaves out what comes too late for it.
    this.record(new MediaStreamTrackProcessor({ track, maxBufferSize: 1000 }).readable.getReader());
  }

  async record(reader) {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const block = new Float32Array(value.numberOfFrames);
      value.copyTo(block, { planeIndex: 0, format: "f32-planar" });
      this.rate_hz = value.sampleRate;
      value.close();
      this.blocks.push(block);
    }
  }

  /** A WAV file, mono, 16 bit, as a `data:` URL. */
  wav() {
    const samples = this.blocks.reduce((sum, block) => sum + block.length, 0);
    const file = new DataView(new ArrayBuffer(44 + 2 * samples));
    const words = (at, text) => [...text].forEach((letter, index) => file.setUint8(at + index, letter.charCodeAt(0)));
    words(0, "RIFF");
    file.setUint32(4, 36 + 2 * samples, true);
    words(8, "WAVEfmt ");
    file.setUint32(16, 16, true);
    file.setUint16(20, 1, true);
    file.setUint16(22, 1, true);
    file.setUint32(24, this.rate_hz ?? RATE_HZ, true);
    file.setUint32(28, 2 * (this.rate_hz ?? RATE_HZ), true);
    file.setUint16(32, 2, true);
    file.setUint16(34, 16, true);
    words(36, "data");
    file.setUint32(40, 2 * samples, true);
    let at = 44;
    for (const block of this.blocks) {
      for (const sample of block) {
        file.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
        at += 2;
      }
    }
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(new Blob([file.buffer]));
    });
  }
}
