//! Glass-to-glass latency, on one machine.
use super::{Percentiles, Samples};
use crate::{
    clock::MediaClock,
    frame::{I420, MediaTime},
    synthetic::read_clock,
};

/// A latency beyond this is no latency: some other picture had black and white where the clock would be.
const PLAUSIBLE_MS: u32 = 10_000;

/// Reads the test card's clock off what is rendered.
#[derive(Debug, Clone, Default)]
pub struct LatencyMeter {
    samples: Samples,
}

impl LatencyMeter {
    /// Looks at a picture that is rendered at `at`, and returns its latency in milliseconds if it is a test card.
    pub fn observe(&mut self, image: &I420, at: MediaTime) -> Option<u32> {
        let unix_ms = u64::try_from(MediaClock::unix_us(at) / 1000).unwrap_or(0);
        let now = (unix_ms & u64::from(u32::MAX)) as u32;
        let latency = Some(now.wrapping_sub(read_clock(image)?)).filter(|latency| *latency < PLAUSIBLE_MS)?;
        self.samples.push(latency as f32);
        Some(latency)
    }

    /// Latencies so far, in milliseconds.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        self.samples.percentiles()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::draw_test_card;

    #[test]
    fn latency_is_the_age_of_the_clock_in_the_picture() {
        let now = MediaClock::now();
        let unix_ms = u64::try_from(MediaClock::unix_us(now) / 1000).unwrap();
        let mut meter = LatencyMeter::default();
        assert_eq!(meter.observe(&draw_test_card(640, 480, unix_ms - 42), now), Some(42));
        assert_eq!(meter.observe(&draw_test_card(640, 480, unix_ms - 60_000), now), None);
        assert_eq!(meter.observe(&I420::black(640, 480), now), None);
        assert_eq!(meter.percentiles().unwrap().n, 1);
    }
}
