//! Two connections of one device that want one place at the server: the newer has it.
//!
//! Mostly the other is one of our own that was given up, came through late, and is dead: the place is taken back. But two
//! programs with one device would take it from one another without end; so ever more slowly.
use super::backoff::Backoff;
use rand::Rng;
use std::time::Duration;

/// Who had the place for this long has no rival: longer than the longest wait for it, and than the network holds back a
/// connection that was given up.
const UNDISPUTED: Duration = Duration::from_secs(60);

/// When a place that was taken is taken back.
#[derive(Debug, Default)]
pub(super) struct Rivalry(Backoff);

impl Rivalry {
    /// How long to leave the place to the other, having had it for so long.
    pub(super) fn wait(&mut self, had: Duration, rng: &mut impl Rng) -> Duration {
        if had >= UNDISPUTED {
            self.0.reset();
        }
        self.0.next(rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::backoff::{FIRST, LONGEST};

    #[test]
    fn two_with_one_place_disturb_each_other_ever_less() {
        let mut rng = rand::rng();
        let (mut one, mut other) = (Rivalry::default(), Rivalry::default());
        let mut had = Duration::ZERO;
        for _ in 0..10 {
            had = other.wait(one.wait(had, &mut rng), &mut rng);
        }
        assert!(had >= LONGEST / 2, "{had:?}");
    }

    #[test]
    fn a_single_late_connection_costs_a_moment_each_time() {
        let mut rivalry = Rivalry::default();
        for _ in 0..10 {
            assert!(rivalry.wait(UNDISPUTED, &mut rand::rng()) <= FIRST);
        }
    }
}
