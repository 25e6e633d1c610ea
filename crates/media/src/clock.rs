//! The one place of this crate that reads clocks and waits for them.
use crate::frame::MediaTime;
use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Seconds from the NTP era (1900) to the Unix epoch (RFC 5905, section 6).
const NTP_TO_UNIX_S: i64 = 2_208_988_800;

/// The process's capture clock: monotonic, and tied once to the Unix clock, so that every source and every meter of
/// this process agrees on what a Unix second is even when the system's clock is stepped.
#[derive(Debug)]
pub struct MediaClock {
    origin: Instant,
    origin_unix_us: i64,
}

impl MediaClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn get() -> &'static Self {
        static CLOCK: OnceLock<MediaClock> = OnceLock::new();
        CLOCK.get_or_init(|| Self {
            origin: Instant::now(),
            origin_unix_us: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX)),
        })
    }

    /// Now, by the capture clock.
    #[must_use]
    pub fn now() -> MediaTime {
        MediaTime(i64::try_from(Self::get().origin.elapsed().as_micros()).unwrap_or(i64::MAX))
    }

    /// Unix time of `at`, in microseconds.
    #[must_use]
    pub fn unix_us(at: MediaTime) -> i64 {
        Self::get().origin_unix_us + at.0
    }

    /// Unix time now, in milliseconds: what the test card shows.
    #[must_use]
    pub fn unix_ms() -> u64 {
        u64::try_from(Self::unix_us(Self::now()) / 1000).unwrap_or(0)
    }

    /// The capture-clock time of a Unix time in microseconds.
    #[must_use]
    pub fn at_unix_us(unix_us: i64) -> MediaTime {
        MediaTime(unix_us - Self::get().origin_unix_us)
    }

    /// Microseconds of `at` since the NTP era (1900).
    #[must_use]
    pub fn ntp_us(at: MediaTime) -> i64 {
        Self::unix_us(at) + NTP_TO_UNIX_S * 1_000_000
    }

    /// Waits until `at`, and returns how late it became.
    #[expect(
        clippy::disallowed_methods,
        reason = "pacing by an absolute schedule is what this function is for"
    )]
    pub fn wait_until(at: MediaTime) -> Duration {
        loop {
            let left = at - Self::now();
            if left.is_zero() {
                return Self::now() - at;
            }
            std::thread::sleep(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_time_and_capture_time_convert_both_ways() {
        let now = MediaClock::now();
        assert_eq!(MediaClock::at_unix_us(MediaClock::unix_us(now)), now);
    }

    #[test]
    fn waiting_ends_at_the_time_not_before() {
        let at = MediaClock::now().plus(Duration::from_millis(5));
        MediaClock::wait_until(at);
        assert!(MediaClock::now() >= at);
    }
}
