//! From one sample rate to another, in whatever portions the other side gives and takes.
use rubato::{Fft, FixedSync, Resampler as _, audioadapter_buffers::direct::InterleavedSlice};
use std::{collections::VecDeque, time::Duration};

/// A mono resampler. Equal rates pass through untouched.
pub(super) struct Resampler {
    fft: Option<Fft<f32>>,
    from_hz: u32,
    to_hz: u32,
    waiting: Vec<f32>,
    chunk: Vec<f32>,
    /// At most a chunk more than what was pushed: whoever pushes also pops.
    ready: VecDeque<f32>,
}

impl Resampler {
    /// None for rates that no device has.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Option<Self> {
        let fft = if from_hz == to_hz {
            None
        } else {
            // 5 ms at a time: rubato rounds it to what the two rates have in common, and delays by half of it.
            let (from, to) = (from_hz as usize, to_hz as usize);
            Some(Fft::new(from, to, (from / 200).max(1), 1, FixedSync::Both).ok()?)
        };
        let chunk = vec![0.0; fft.as_ref().map_or(0, |f| f.output_frames_max())];
        Some(Self { fft, from_hz, to_hz, waiting: Vec::new(), chunk, ready: VecDeque::new() })
    }

    /// Takes samples in.
    pub(super) fn push(&mut self, samples: &[f32]) {
        let Some(fft) = &mut self.fft else {
            self.ready.extend(samples);
            return;
        };
        self.waiting.extend(samples);
        let needed = fft.input_frames_next();
        let mut used = 0;
        while self.waiting.len() - used >= needed {
            let produced = self.chunk.len();
            let from = InterleavedSlice::new(&self.waiting[used..used + needed], 1, needed);
            let to = InterleavedSlice::new_mut(&mut self.chunk, 1, produced);
            // Both sizes are rubato's own: there is nothing to refuse.
            if let (Ok(from), Ok(mut to)) = (from, to)
                && let Ok((_, produced)) = fft.process_into_buffer(&from, &mut to, None)
            {
                self.ready.extend(&self.chunk[..produced]);
            }
            used += needed;
        }
        self.waiting.drain(..used);
    }

    /// Samples that can be popped.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Fills `into`, where there is enough.
    pub(super) fn pop(&mut self, into: &mut [f32]) -> bool {
        let count = into.len();
        if self.ready.len() < count {
            return false;
        }
        into.iter_mut().zip(self.ready.drain(..count)).for_each(|(to, from)| *to = from);
        true
    }

    /// How long ago the next sample to pop was pushed, by the stream's own time.
    pub(super) fn delay(&self) -> Duration {
        let filter = self.fft.as_ref().map_or(0, |f| f.output_delay());
        let seconds = |n: usize, hz: u32| n as f64 / f64::from(hz);
        Duration::from_secs_f64(
            seconds(self.waiting.len(), self.from_hz) + seconds(self.ready.len() + filter, self.to_hz),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(hz: f32, rate: u32, seconds: f32) -> Vec<f32> {
        (0..(rate as f32 * seconds) as usize)
            .map(|i| (TAU * hz * i as f32 / rate as f32).sin() * 0.5)
            .collect()
    }

    fn level(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level_from_every_common_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 96_000] {
            let mut resampler = Resampler::new(rate, 48_000).unwrap();
            // In portions that fit nothing.
            tone(1_000.0, rate, 1.0).chunks(331).for_each(|portion| resampler.push(portion));
            let mut out = vec![0.0; resampler.ready()];
            assert!(resampler.pop(&mut out) && out.len() > 45_000, "{rate}: {}", out.len());
            let settled = &out[4_800..43_200];
            assert!((level(settled) - 0.3536).abs() < 0.01, "{rate}: {}", level(settled));
            let rising = settled.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
            assert!(rising.abs_diff(800) <= 1, "{rate}: {rising} periods");
        }
    }

    #[test]
    fn delay_stays_under_15_ms_with_44_100_hz() {
        let mut resampler = Resampler::new(44_100, 48_000).unwrap();
        let mut block = [0.0; 480];
        for _ in 0..100 {
            resampler.push(&[0.0; 441]);
            resampler.pop(&mut block);
        }
        assert!(resampler.delay() < Duration::from_millis(15), "{:?}", resampler.delay());
    }

    #[test]
    fn equal_rates_pass_through() {
        let mut resampler = Resampler::new(48_000, 48_000).unwrap();
        resampler.push(&[0.1, 0.2]);
        let mut out = [0.0; 2];
        assert!(resampler.pop(&mut out) && out == [0.1, 0.2] && !resampler.pop(&mut out));
    }
}
