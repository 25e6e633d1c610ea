//! Capture time -> RTP time, the same mapping for packets and for sender reports.
use crate::frame::MediaTime;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A jump of capture time against the count of samples that is a pause of the device, not drift or a late thread.
const PAUSE_US: i64 = 100_000;

/// Maps the capture clock to one stream's RTP clock. Cheap to clone: all clones share one mapping, so that the transport
/// stamps sender reports with what the encoder stamps packets with.
#[derive(Debug, Clone)]
pub struct SenderClock {
    rate_hz: u32,
    offset: u32,
    /// Microseconds by which the device's own clock has come to lag the capture clock.
    lag_us: Arc<AtomicI64>,
}

impl SenderClock {
    /// A clock of that rate, with a random offset (RFC 3550, section 5.1).
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, offset: rand::random(), lag_us: Arc::default() }
    }

    /// RTP time of a capture time.
    #[must_use]
    pub fn rtp(&self, at: MediaTime) -> u32 {
        let us = i128::from(at.0 - self.lag_us.load(Ordering::Relaxed));
        let ticks = (us * i128::from(self.rate_hz)).div_euclid(1_000_000);
        self.offset.wrapping_add(u32::try_from(ticks.rem_euclid(1 << 32)).unwrap_or(0))
    }

    /// Says that the stream's next sample has RTP time `counted`, by count of samples, and was captured at `at`: the
    /// mapping follows the sound card's clock slowly. Returns `false` where the device must have paused: count on from
    /// [`Self::rtp`].
    pub fn follow(&self, counted: u32, at: MediaTime) -> bool {
        let ahead = i64::from(self.rtp(at).wrapping_sub(counted).cast_signed());
        let error_us = ahead * 1_000_000 / i64::from(self.rate_hz.max(1));
        if error_us.abs() > PAUSE_US {
            return false;
        }
        // A 32nd each 20 ms: one late wake-up of the capture thread moves a sender report by less than a millisecond.
        self.lag_us.fetch_add(error_us / 32, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_second_is_one_clock_rate_of_ticks() {
        let clock = SenderClock::new(90_000);
        let at = MediaTime(123_456_789);
        assert_eq!(clock.rtp(at.plus(Duration::from_secs(1))).wrapping_sub(clock.rtp(at)), 90_000);
    }

    #[test]
    fn mapping_follows_a_sound_card_that_runs_slow() {
        let clock = SenderClock::new(48_000);
        let mut counted = clock.rtp(MediaTime(0));
        for block in 0..20_000_i64 {
            // 20 ms of samples take 20.01 ms: 500 ppm.
            assert!(clock.follow(counted, MediaTime(block * 20_010)));
            counted = counted.wrapping_add(960);
        }
        let ahead = clock.rtp(MediaTime(20_000 * 20_010)).wrapping_sub(counted).cast_signed();
        assert!(ahead.abs() < 48, "{ahead} ticks");
    }

    #[test]
    fn pause_of_the_device_does_not_bend_the_mapping() {
        let clock = SenderClock::new(48_000);
        let before = clock.rtp(MediaTime(0));
        assert!(!clock.follow(before, MediaTime(10_000_000)));
        assert_eq!(clock.rtp(MediaTime(0)), before);
    }
}
