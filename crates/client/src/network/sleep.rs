//! Whether the machine has slept: a clock that goes on meanwhile has jumped.
use std::time::Duration;

/// Between readings of the clock.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// A longer gap between two readings is a sleep, or a stop as good as one: longer than the machine is ever too busy, and
/// about as long as a path can be silent before it is in doubt anyway.
const ASLEEP: Duration = Duration::from_secs(5);

/// The last reading.
#[derive(Debug, Default)]
pub(super) struct Sleep {
    last: Option<Duration>,
}

impl Sleep {
    /// `clock` goes on while the machine sleeps; its zero is anywhere. A clock that is set back is no sleep.
    pub(super) fn on_tick(&mut self, clock: Duration) -> bool {
        let last = self.last.replace(clock);
        last.is_some_and(|last| clock.saturating_sub(last) > TICK + ASLEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn woken(readings_ms: &[u64]) -> Vec<bool> {
        let mut sleep = Sleep::default();
        readings_ms.iter().map(|ms| sleep.on_tick(Duration::from_millis(*ms))).collect()
    }

    #[test]
    fn a_jump_of_the_clock_is_a_sleep_and_is_told_once() {
        assert_eq!(woken(&[50_000, 51_000, 171_000, 172_000]), [false, false, true, false]);
    }

    #[test]
    fn a_busy_machine_and_a_clock_set_back_are_no_sleep() {
        assert_eq!(woken(&[50_000, 53_500, 10_000, 11_000]), [false; 4]);
    }
}
