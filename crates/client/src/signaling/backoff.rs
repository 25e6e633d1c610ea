//! Exponential backoff with jitter.
use super::nudge::Nudged;
use rand::Rng;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// First wait, before jitter.
pub const FIRST: Duration = Duration::from_millis(500);
/// Longest wait, before jitter.
pub const LONGEST: Duration = Duration::from_secs(30);

/// Waits between attempts: each up to twice the one before, from [`FIRST`] to [`LONGEST`], each drawn evenly from
/// its upper half, so that a thousand clients of a restarted server do not come back in step.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST)
    }
}

impl Backoff {
    /// With a longest wait of its own, before jitter.
    #[must_use]
    pub fn up_to(longest: Duration) -> Self {
        Self { failures: 0, longest }
    }

    /// How long to wait after one more failure.
    pub fn next(&mut self, rng: &mut impl Rng) -> Duration {
        let ceiling = FIRST
            .saturating_mul(1_u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(rng.random_range(0.5..=1.0))
    }

    /// Waits after one more failure.
    pub async fn pause(&mut self) {
        let wait = self.next(&mut rand::rng());
        tokio::time::sleep(wait).await;
    }

    /// Waits after an attempt that began then and has failed: one that took long was a wait itself. A nudge ends the wait
    /// and starts over.
    pub(super) async fn pause_since(&mut self, began: Instant, nudged: &mut Nudged) {
        let wait = self.next(&mut rand::rng());
        tokio::select! {
            () = sleep_until(began + wait) => {}
            () = nudged.next() => self.reset(),
        }
    }

    /// An attempt has succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::nudge::Nudge;

    #[test]
    fn waits_double_up_to_the_longest_and_start_over_after_success() {
        let mut rng = rand::rng();
        let mut backoff = Backoff::default();
        for ceiling_ms in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let wait = backoff.next(&mut rng).as_millis();
            assert!((ceiling_ms / 2..=ceiling_ms).contains(&wait), "{wait} ms of {ceiling_ms}");
        }
        backoff.reset();
        assert!(backoff.next(&mut rng) <= FIRST);
    }

    #[test]
    fn waits_of_a_shorter_longest_stop_there() {
        let mut backoff = Backoff::up_to(FIRST);
        let waits: Vec<_> = (0..5).map(|_| backoff.next(&mut rand::rng())).collect();
        assert!(waits.iter().all(|wait| (FIRST / 2..=FIRST).contains(wait)), "{waits:?}");
    }

    #[tokio::test]
    async fn a_nudge_ends_the_wait_and_starts_over() {
        let nudge = Nudge::default();
        let mut nudged = nudge.listen();
        let mut backoff = Backoff { failures: 16, ..Backoff::default() };
        nudge.check();
        let paused = backoff.pause_since(Instant::now(), &mut nudged);
        tokio::time::timeout(LONGEST / 4, paused).await.expect("far before the end of the wait");
        assert!(backoff.next(&mut rand::rng()) <= FIRST);
    }

    #[test]
    fn a_million_failures_do_not_overflow() {
        let mut backoff = Backoff { failures: u32::MAX, ..Backoff::default() };
        assert!(backoff.next(&mut rand::rng()) <= LONGEST);
    }
}
