//! A way that has become longer, told from a queue: a queue drains when less is sent, or loses what does not fit.
//!
//! Taken for a queue, a longer way, such as one by a relay, is answered with less and less; what is sent falls to the
//! least that there is until the shorter way is forgotten, 10 to 20 s later.
use std::time::Duration;

/// Packets whose wait differs by no more wait alike.
const ALIKE: Duration = Duration::from_millis(40);
/// Part of the target at which a queue would have drained.
const LESS: f64 = 0.65;

/// A wait that stands.
#[derive(Debug, Default)]
pub struct Longer {
    /// How long, and the target that was in force when it began, in bit/s.
    began: Option<(Duration, f64)>,
}

impl Longer {
    /// A wait has been long for another while, at this target in bit/s. Where it is none of a queue, the target of before.
    pub fn on_standing(&mut self, wait: Duration, target: f64, loses: bool) -> Option<f64> {
        let (began, before) = *self.began.get_or_insert((wait, target));
        if loses || wait.abs_diff(began) > ALIKE {
            self.began = Some((wait, target));
            return None;
        }
        if target > before * LESS {
            return None;
        }
        self.began = None;
        Some(before)
    }

    /// The wait is over.
    pub fn on_short(&mut self) {
        self.began = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_wait_that_stays_as_it_is_though_less_is_sent_is_no_queue() {
        let mut longer = Longer::default();
        let said = [1_000.0, 850.0, 720.0, 610.0].map(|target| longer.on_standing(ms(240), target, false));
        assert_eq!(said, [None, None, None, Some(1_000.0)]);
    }

    #[test]
    fn a_queue_drains_or_loses() {
        let mut longer = Longer::default();
        for (n, target) in [1_000.0, 850.0, 720.0, 610.0, 520.0, 440.0].into_iter().enumerate() {
            assert_eq!(longer.on_standing(ms(500 - 50 * n as u64), target, false), None);
        }
        longer.on_short();
        for target in [1_000.0, 850.0, 720.0, 610.0, 520.0, 440.0] {
            assert_eq!(longer.on_standing(ms(400), target, true), None);
        }
    }
}
