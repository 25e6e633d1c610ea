//! How much of the rate something takes lately.
use std::time::{Duration, Instant};

/// Over about how long.
const SPAN: Duration = Duration::from_millis(500);

/// A rate that fades.
#[derive(Debug, Default)]
pub struct Share {
    bits: f64,
    at: Option<Instant>,
}

impl Share {
    /// Takes in `bytes` at `now`.
    pub fn add(&mut self, now: Instant, bytes: usize) {
        self.bits = self.left(now) + bytes as f64 * 8.0;
        self.at = Some(now);
    }

    /// In bit/s.
    #[must_use]
    pub fn bps(&self, now: Instant) -> f64 {
        self.left(now) / SPAN.as_secs_f64()
    }

    fn left(&self, now: Instant) -> f64 {
        let past = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.bits * (-past.as_secs_f64() / SPAN.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_flow_has_its_rate_and_a_flow_that_ended_has_none() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut share = Share::default();
        (0..300).for_each(|n| share.add(ms(10 * n), 125));
        assert!((share.bps(ms(3_000)) / 100_000.0 - 1.0).abs() < 0.05, "{}", share.bps(ms(3_000)));
        assert!(share.bps(ms(6_000)) < 1_000.0);
    }
}
