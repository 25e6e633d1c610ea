//! The two clocks of this crate, read here and nowhere else.
use eyeline_call::Time;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A monotonic clock for the call logic, beside the wall clock for what people read.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zero: Instant,
}

impl Clock {
    /// Starts at zero.
    #[must_use]
    pub fn start() -> Self {
        Self { zero: instant() }
    }

    /// Now, for the call logic.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::from_ms(u64::try_from(self.zero.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The point at which `time` comes, for timers.
    #[must_use]
    pub fn instant_of(&self, time: Time) -> Instant {
        self.zero + Duration::from_millis(time.as_ms())
    }

    /// The wall clock's reading at `time`: Unix time in milliseconds.
    #[must_use]
    pub fn unix_ms_of(&self, time: Time) -> u64 {
        let (now, unix) = (self.now().as_ms(), unix_ms());
        (unix + time.as_ms()).saturating_sub(now)
    }
}

/// Unix time in milliseconds.
#[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
#[must_use]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Now, for those who want the system's own type.
#[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}
