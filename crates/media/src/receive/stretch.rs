//! Playing a little faster or slower without changing the pitch: one period of the voice is left out or put in.
//!
//! The period is found by correlation on the signal thinned to 12 kHz, and the seam is cross-faded (the way of NetEQ's
//! accelerate and preemptive expand).
use std::ops::RangeInclusive;

/// Periods that are looked for, in samples: 400 Hz down to 100 Hz.
const PERIODS: RangeInclusive<usize> = 120..=480;
/// Samples that are looked at; also the length that both operations need.
pub(super) const WINDOW: usize = 960;
/// Only each fourth sample takes part in the search.
const THIN: usize = 4;
/// Similarity from which a seam is not heard.
const ALIKE: f32 = 0.85;
/// Similarity that will do where delay hurts more.
const ALIKE_ENOUGH: f32 = 0.4;
/// Mean square below which any seam will do: -50 dB.
const QUIET: f32 = 1e-5;

/// The period that can be left out of, or repeated in, the first [`WINDOW`] samples.
pub(super) fn period(samples: &[f32], urgent: bool) -> Option<usize> {
    let window = samples.get(..WINDOW)?;
    let (lag, likeness) =
        PERIODS.step_by(THIN).map(|lag| (lag, likeness(window, lag))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let power = window.iter().map(|sample| sample * sample).sum::<f32>() / 960.0;
    (likeness > if urgent { ALIKE_ENOUGH } else { ALIKE } || power < QUIET).then_some(lag)
}

/// Normalised correlation of the first samples with those `lag` later.
fn likeness(window: &[f32], lag: usize) -> f32 {
    let (mut cross, mut a_power, mut b_power) = (0.0, 0.0, 1e-9);
    for (a, b) in window[..WINDOW - lag].iter().zip(&window[lag..]).step_by(THIN) {
        cross += a * b;
        a_power += a * a;
        b_power += b * b;
    }
    cross / (a_power * b_power + 1e-12_f32).sqrt()
}

/// Leaves `period` samples out.
pub(super) fn shorten(samples: &mut Vec<f32>, period: usize) {
    for i in 0..period {
        samples[i] = fade(samples[i], samples[i + period], i, period);
    }
    samples.drain(period..2 * period);
}

/// Puts `period` samples in.
pub(super) fn lengthen(samples: &mut Vec<f32>, period: usize) {
    let seam: Vec<f32> = (0..period).map(|i| fade(samples[i + period], samples[i], i, period)).collect();
    samples.splice(period..period, seam);
}

/// From `a` to `b` as `i` goes to `length`.
fn fade(a: f32, b: f32, i: usize, length: usize) -> f32 {
    let t = i as f32 / length as f32;
    a * (1.0 - t) + b * t
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, length: usize) -> Vec<f32> {
        (0..length).map(|i| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin() * 0.5).collect()
    }

    /// Largest step between neighbours: a click shows as a step that the tone does not have.
    fn steepest(samples: &[f32]) -> f32 {
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn tone_changes_length_without_a_click() {
        for hz in [110.0, 200.0, 333.0, 1000.0] {
            let tone = sine(hz, 1440);
            let limit = steepest(&tone) * 1.3;
            let lag = period(&tone, false).unwrap();
            let mut shorter = tone.clone();
            shorten(&mut shorter, lag);
            assert_eq!(shorter.len(), tone.len() - lag);
            assert!(steepest(&shorter) < limit, "{hz} Hz");
            let mut longer = tone.clone();
            lengthen(&mut longer, lag);
            assert_eq!(longer.len(), tone.len() + lag);
            assert!(steepest(&longer) < limit, "{hz} Hz");
        }
    }

    #[test]
    fn loud_noise_is_left_alone() {
        let mut random = 1_u32;
        let noise: Vec<f32> = (0..WINDOW)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 16) as f32 / 65_536.0 - 0.5
            })
            .collect();
        assert_eq!(period(&noise, false), None);
        assert!(period(&noise.iter().map(|sample| sample * 0.001).collect::<Vec<_>>(), false).is_some());
    }

    #[test]
    fn too_little_sound_has_no_period() {
        assert_eq!(period(&sine(200.0, WINDOW - 1), true), None);
    }
}
