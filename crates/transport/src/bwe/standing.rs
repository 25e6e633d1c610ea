//! Queues that do not drain: one that is full grows no more, and a trendline sees nothing of it.
use std::time::{Duration, Instant};

/// A queue is long when packets wait so long in it.
const LONG: Duration = Duration::from_millis(200);
/// It stands when it has been long for so long.
const STANDS: Duration = Duration::from_millis(600);
/// Where the newest packet has waited so long in each feedback of so much time, the path has a queue, and for so long
/// after it. What only some wait is jitter.
const QUEUED: Duration = Duration::from_millis(100);
const QUEUED_FOR: Duration = Duration::from_millis(300);
const REMEMBERED: Duration = Duration::from_secs(10);
/// A cut so short a time ago should have helped by now.
pub const CUT_LATELY: Duration = STANDS.saturating_mul(3);

/// The queue of the path.
#[derive(Debug, Default)]
pub struct Standing {
    /// How long packets wait.
    now: Duration,
    long_since: Option<Instant>,
    queued_since: Option<Instant>,
    /// When packets had to wait last.
    seen: Option<Instant>,
}

impl Standing {
    /// Packets wait so long. Whether the queue stands; that is said once in that time.
    pub fn on_wait(&mut self, now: Instant, wait: Duration) -> bool {
        self.now = wait;
        self.queued_since = (wait >= QUEUED).then(|| self.queued_since.unwrap_or(now));
        if self.queued_since.is_some_and(|since| now.saturating_duration_since(since) >= QUEUED_FOR) {
            self.seen = Some(now);
        }
        if !self.is_long() {
            self.long_since = None;
            return false;
        }
        let since = *self.long_since.get_or_insert(now);
        let stands = now.saturating_duration_since(since) >= STANDS;
        if stands {
            self.long_since = Some(now);
        }
        stands
    }

    /// Nothing was heard for a while: what was before may not have lasted.
    pub fn on_silence(&mut self) {
        (self.long_since, self.queued_since) = (None, None);
    }

    /// Whether packets wait long.
    pub fn is_long(&self) -> bool {
        is_long(self.now)
    }

    /// Whether the path is one with a queue, as has shown not long ago.
    pub fn has_been(&self, now: Instant) -> bool {
        self.seen.is_some_and(|at| now.saturating_duration_since(at) < REMEMBERED)
    }
}

/// Whether that is a long wait.
pub fn is_long(wait: Duration) -> bool {
    wait >= LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
    #[test]
    fn a_queue_stands_once_it_has_been_long_for_long_and_is_remembered() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut standing = Standing::default();
        let waits = |standing: &mut Standing, from: u64, to: u64, wait| {
            (from..to)
                .step_by(50)
                .filter(|ms| standing.on_wait(at(*ms), Duration::from_millis(wait)))
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(&mut standing, 0, 3_000, 40), [0; 0]);
        assert!(!standing.has_been(at(3_000)));
        assert_eq!(waits(&mut standing, 3_000, 3_500, 300), [0; 0], "not for long enough");
        assert_eq!(waits(&mut standing, 3_500, 3_600, 100), [0; 0]);
        assert_eq!(waits(&mut standing, 4_000, 5_500, 300), [4_600, 5_200]);
        standing.on_silence();
        assert_eq!(waits(&mut standing, 5_500, 6_000, 300), [0; 0], "since when is not known any more");
        assert!(standing.is_long() && standing.has_been(at(15_900)) && !standing.has_been(at(16_000)));
    }
}
