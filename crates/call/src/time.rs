//! Time as the shell tells it.
use std::{ops::Add, time::Duration};

/// Milliseconds on a monotonic clock of the shell's choice. The machine never reads a clock itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// This many milliseconds after the clock's zero.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds after the clock's zero.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero where it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Doubling pauses between attempts: 1, 2, 4, 8, 8, ... seconds.
pub(crate) fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.min(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_eight_seconds() {
        let pauses: Vec<_> = (0..6).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 8, 8]);
    }

    #[test]
    fn time_saturates_at_both_ends() {
        assert_eq!(Time::from_ms(5).since(Time::from_ms(9)), Duration::ZERO);
        assert_eq!(Time::from_ms(u64::MAX) + Duration::MAX, Time::from_ms(u64::MAX));
    }
}
