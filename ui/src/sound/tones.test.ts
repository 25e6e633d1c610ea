import { describe, expect, it } from 'vitest';
import { samples, TONES, type Tone } from './tones';

describe.each(Object.keys(TONES) as Tone[])('%s', (tone) => {
  const got = samples(tone, 8000);

  it('is heard, softly', () => {
    const peak = got.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(peak).toBeGreaterThan(0.03);
    expect(peak).toBeLessThan(0.4);
  });

  it('begins and ends in silence, so that its loop does not click', () => {
    expect(Math.abs(got[0] ?? 1)).toBeLessThan(0.001);
    expect(Math.abs(got.at(-1) ?? 1)).toBeLessThan(0.001);
  });
});
