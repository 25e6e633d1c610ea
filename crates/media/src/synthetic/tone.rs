//! The tone as a microphone, and an ear for its beep.
use super::Schedule;
use crate::{
    device::{AudioSource, DeviceError},
    frame::{AudioBlock, BLOCK_SAMPLES, MediaTime, SAMPLE_RATE_HZ},
};
use std::{f32::consts::TAU, time::Duration};

/// Pitch of the beep.
pub const BEEP_HZ: f32 = 1000.0;
/// Length of the beep.
pub const BEEP_MS: i64 = 50;
/// Loudness of the beep.
const BEEP_LEVEL: f32 = 0.5;
/// Loudness of the noise between the beeps: -50 dB. Not silence, so that a receiver that loses packets has something to
/// lose, and quiet enough that the onset is unmistakable.
const NOISE_LEVEL: f32 = 0.003;

/// A microphone that beeps for 50 ms at the start of each Unix second.
pub struct Tone {
    schedule: Schedule,
    random: u32,
}

impl Default for Tone {
    fn default() -> Self {
        Self { schedule: Schedule::new(100), random: 0x2545_f491 }
    }
}

impl Tone {
    fn sample(&mut self, us_of_second: i64) -> f32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = ((self.random >> 16) as f32 / 32_768.0 - 1.0) * NOISE_LEVEL;
        if us_of_second >= BEEP_MS * 1000 {
            return noise;
        }
        noise + BEEP_LEVEL * (us_of_second as f32 / 1e6 * BEEP_HZ * TAU).sin()
    }
}

impl AudioSource for Tone {
    fn read(&mut self) -> Result<AudioBlock, DeviceError> {
        let (unix_us, captured_at) = self.schedule.wait(1);
        let us_of_second = unix_us.rem_euclid(1_000_000);
        let mut block = AudioBlock::silence(captured_at);
        for (index, sample) in block.samples.iter_mut().enumerate() {
            *sample = self.sample(us_of_second + index as i64 * 1_000_000 / i64::from(SAMPLE_RATE_HZ));
        }
        Ok(block)
    }
}

/// Samples that are judged together: two periods of the beep, 2 ms.
const STEP: usize = 96;
/// Amplitude of the beep's pitch from which it is a beep.
const LOUD: f32 = 0.15;
/// Quiet that must come before, in steps: 200 ms. The beep's own echo or a gap in it starts nothing new.
const QUIET_STEPS: u32 = 100;

/// Hears where beeps start, in a stream of blocks.
#[derive(Debug, Default)]
pub struct BeepDetector {
    quiet_steps: u32,
}

impl BeepDetector {
    /// Listens to 10 ms, the first sample of which sounds at `block.captured_at`; returns when a beep started in it.
    pub fn hear(&mut self, block: &AudioBlock) -> Option<MediaTime> {
        let mut onset = None;
        for (index, step) in block.samples[..BLOCK_SAMPLES].chunks_exact(STEP).enumerate() {
            if amplitude(step, BEEP_HZ) < LOUD {
                self.quiet_steps = self.quiet_steps.saturating_add(1);
                continue;
            }
            if self.quiet_steps >= QUIET_STEPS {
                onset = Some(block.captured_at.plus(Duration::from_millis(2 * index as u64)));
            }
            self.quiet_steps = 0;
        }
        onset
    }
}

/// Amplitude of one pitch (a single bin of the Fourier transform).
fn amplitude(samples: &[f32], hz: f32) -> f32 {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let angle = index as f32 * hz * TAU / SAMPLE_RATE_HZ as f32;
        sine += sample * angle.sin();
        cosine += sample * angle.cos();
    }
    2.0 * (sine * sine + cosine * cosine).sqrt() / samples.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MediaClock;

    #[test]
    fn beep_is_heard_where_the_second_starts() {
        let (mut tone, mut ear) = (Tone::default(), BeepDetector::default());
        let onsets: Vec<i64> = (0..210)
            .filter_map(|_| ear.hear(&tone.read().unwrap()))
            .map(|onset| MediaClock::unix_us(onset).rem_euclid(1_000_000))
            .collect();
        assert!(!onsets.is_empty() && onsets.len() <= 3, "{onsets:?}");
        assert!(onsets.iter().all(|onset| *onset < 4_000), "{onsets:?}");
    }

    #[test]
    fn other_pitches_are_no_beep() {
        let mut ear = BeepDetector::default();
        for block in 0..100 {
            let mut heard = AudioBlock::silence(MediaTime(0));
            if block > 50 {
                for (index, sample) in heard.samples.iter_mut().enumerate() {
                    *sample = 0.5 * (index as f32 * 3000.0 * TAU / 48_000.0).sin();
                }
            }
            assert_eq!(ear.hear(&heard), None);
        }
    }
}
