//! The target for a peer that tells of no packet singly: by the loss in its receiver reports alone
//! (draft-ietf-rmcat-gcc-02 section 6).
use super::{MAX_BPS, MIN_BPS, START_BPS};
use std::time::{Duration, Instant};

/// Loss up to which the target grows, and from which on it falls.
const LOSS: (f64, f64) = (0.02, 0.10);
/// Growth for each report.
const INCREASE: f64 = 1.05;
/// Of fewer packets the loss says nothing.
const PACKETS_MIN: u32 = 10;
/// Reports closer to each other than this count once.
const EVERY: Duration = Duration::from_millis(500);

/// Grows while little is lost. It never sees a queue.
#[derive(Debug)]
pub struct Blind {
    target: f64,
    judged: Option<Instant>,
    /// Highest sequence number that was reported.
    highest: u32,
}

impl Default for Blind {
    fn default() -> Self {
        Self { target: START_BPS, judged: None, highest: 0 }
    }
}

impl Blind {
    /// Takes in the part of a stream's packets that was lost since the last report, and the highest sequence number that
    /// has come, wraps counted (RFC 3550 section 6.4.1).
    pub fn on_report(&mut self, now: Instant, highest: u32, loss: f64) {
        if self.judged.is_some_and(|at| now.saturating_duration_since(at) < EVERY) {
            return;
        }
        self.judged = Some(now);
        let came = highest.wrapping_sub(std::mem::replace(&mut self.highest, highest));
        if loss < LOSS.0 && came >= PACKETS_MIN {
            self.target *= INCREASE;
        } else if loss > LOSS.1 {
            self.target *= 1.0 - loss / 2.0;
        }
        self.target = self.target.clamp(MIN_BPS, MAX_BPS);
    }

    /// In bit/s.
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_without_loss_and_falls_with_much() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut blind = Blind::default();
        let mut report = |second: u64, loss| {
            let highest = second as u32 * 50 + 50;
            blind.on_report(start + Duration::from_secs(second), highest, loss);
            blind.on_report(start + Duration::from_secs(second), highest, loss);
            blind.target()
        };
        assert!((report(0, 0.0) - 1.05 * START_BPS).abs() < 1.0);
        let before = report(1, 0.05);
        assert!((report(2, 0.2) - 0.9 * before).abs() < 1.0);
        for second in 3..100 {
            report(second, 0.0);
        }
        assert!((report(100, 0.0) - MAX_BPS).abs() < 1.0);
    }
}
