/** The sounds of a call, as samples: nothing to load and nothing to license. */
export type Tone = 'ring' | 'ringback' | 'ended';

interface Note {
  atS: number;
  lengthS: number;
  hz: number[];
  gain: number;
  /** A struck note fades from its start; a held one only at its ends. */
  struck: boolean;
}

/** Two soft rising pairs, then quiet. */
const RING: Note[] = [0, 0.9].flatMap((start) =>
  [659.26, 987.77, 830.61].map((hz, at) => ({
    atS: start + at * 0.16,
    lengthS: 0.7,
    hz: [hz, hz * 2.01],
    gain: 0.16,
    struck: true,
  })),
);
/** ITU-T E.180: one second on, four off; 425 Hz. */
const RINGBACK: Note[] = [{ atS: 0, lengthS: 1, hz: [425], gain: 0.06, struck: false }];
const ENDED: Note[] = [523.25, 392].map((hz, at) => ({
  atS: at * 0.14,
  lengthS: 0.4,
  hz: [hz],
  gain: 0.12,
  struck: true,
}));

export const TONES: Record<Tone, { notes: Note[]; periodS: number; loop: boolean }> = {
  ring: { notes: RING, periodS: 3, loop: true },
  ringback: { notes: RINGBACK, periodS: 5, loop: true },
  ended: { notes: ENDED, periodS: 0.6, loop: false },
};

/** Long enough that no note clicks. */
const FADE_S = 0.02;

/** One period of a tone, mono. */
export function samples(tone: Tone, sampleRate: number): Float32Array<ArrayBuffer> {
  const { notes, periodS } = TONES[tone];
  const out = new Float32Array(Math.round(periodS * sampleRate));
  for (const note of notes) {
    const start = Math.round(note.atS * sampleRate);
    const length = Math.round(note.lengthS * sampleRate);
    for (let at = 0; at < length && start + at < out.length; at++) {
      const s = at / sampleRate;
      const fade = Math.min(1, s / FADE_S, (note.lengthS - s) / FADE_S);
      const decay = note.struck ? Math.exp(-6 * s) : 1;
      const wave = note.hz.reduce((sum, hz, partial) => sum + Math.sin(2 * Math.PI * hz * s) / (1 + 3 * partial), 0);
      out[start + at] = (out[start + at] ?? 0) + note.gain * fade * decay * wave;
    }
  }
  return out;
}
