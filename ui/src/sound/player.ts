/** Plays a tone. A webview may forbid sound before the first click: then the call rings without it. */
import type { Phase } from '../types/Phase';
import { samples, TONES, type Tone } from './tones';

/** Which tone belongs to a phase. */
export function toneOf(phase: Phase | null): Tone | null {
  switch (phase) {
    case 'incoming':
      return 'ring';
    case 'ringing':
      return 'ringback';
    case 'ended':
      return 'ended';
    case 'dialing':
    case 'connecting':
    case 'active':
    case 'reconnecting':
    case null:
      return null;
  }
}

let context: AudioContext | null = null;

/** Starts a tone; the returned function stops it. */
export function play(tone: Tone): () => void {
  try {
    context ??= new AudioContext();
    void context.resume().catch(() => undefined);
    const data = samples(tone, context.sampleRate);
    const buffer = context.createBuffer(1, data.length, context.sampleRate);
    buffer.copyToChannel(data, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = TONES[tone].loop;
    source.connect(context.destination);
    source.start();
    return () => {
      source.stop();
      source.disconnect();
      // An idle context still costs the audio thread.
      void context?.suspend().catch(() => undefined);
    };
  } catch {
    return () => undefined;
  }
}
