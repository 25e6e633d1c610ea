//! Three clocks and how they map: this process's monotonic one, the wall's, and each stream's RTP time.
use crate::MediaKind;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Seconds from 1900 (NTP) to 1970 (Unix).
const NTP_UNIX_OFFSET_S: u64 = 2_208_988_800;

/// The wall clock, derived from the monotonic one: read once, so that it never steps within a call.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    at: Instant,
    ntp: u64,
}

impl WallClock {
    /// `at` and `wall` are the same moment.
    #[must_use]
    pub fn new(at: Instant, wall: SystemTime) -> Self {
        let since_1970 = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let ntp = ntp_duration(since_1970).wrapping_add(NTP_UNIX_OFFSET_S << 32);
        Self { at, ntp }
    }

    /// `now` as a 64-bit NTP timestamp: seconds since 1900 and, in the low half, their fraction.
    #[must_use]
    pub fn ntp(&self, now: Instant) -> u64 {
        self.ntp.wrapping_add(ntp_duration(now.saturating_duration_since(self.at)))
    }
}

fn ntp_duration(d: Duration) -> u64 {
    (d.as_secs() << 32) + ((u64::from(d.subsec_nanos()) << 32) / 1_000_000_000)
}

/// An RTP time, and when what carries it was captured; known once the stream has begun.
type Reading = Option<(u32, Instant)>;

/// Which RTP time each sent stream had at which moment of capture, as the media side says. Shared with it.
#[derive(Debug, Clone, Default)]
pub struct SenderClocks(Arc<Mutex<[Reading; 2]>>);

impl SenderClocks {
    /// What carries RTP time `rtp` was captured at `at`.
    pub fn set(&self, kind: MediaKind, rtp: u32, at: Instant) {
        let mut clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clocks[kind as usize] = Some((rtp, at));
    }

    /// The RTP time at `now`, where that stream's clock is known.
    #[must_use]
    pub fn rtp_at(&self, kind: MediaKind, now: Instant, rate: u32) -> Option<u32> {
        let clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clocks[kind as usize].map(|(rtp, at)| advance(rtp, at, now, rate))
    }
}

/// RTP time `rtp` at `at`, carried on to `now` at `rate` ticks a second.
pub(super) fn advance(rtp: u32, at: Instant, now: Instant, rate: u32) -> u32 {
    let ticks = |d: Duration| (d.as_nanos() * u128::from(rate) / 1_000_000_000) as u32;
    if now >= at { rtp.wrapping_add(ticks(now - at)) } else { rtp.wrapping_sub(ticks(at - now)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntp_counts_from_1900_with_a_binary_fraction() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let at = Instant::now();
        let wall = WallClock::new(at, UNIX_EPOCH + Duration::from_millis(1_500));
        assert_eq!(wall.ntp(at), ((NTP_UNIX_OFFSET_S + 1) << 32) + (1 << 31));
        assert_eq!(wall.ntp(at + Duration::from_millis(250)), ((NTP_UNIX_OFFSET_S + 1) << 32) + (3 << 30));
    }

    #[test]
    fn rtp_time_runs_from_the_moment_of_capture_and_wraps() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let at = Instant::now();
        let clocks = SenderClocks::default();
        assert_eq!(clocks.rtp_at(MediaKind::Video, at, 90_000), None);
        clocks.set(MediaKind::Video, u32::MAX - 9, at);
        let later = at + Duration::from_millis(10);
        assert_eq!(clocks.rtp_at(MediaKind::Video, later, 90_000), Some(890));
    }
}
