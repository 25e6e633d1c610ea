//! Devices made of nothing: test card and tone with a flash that coincides with a beep, files, and a silent speaker.
//!
//! All of them pace themselves by an absolute schedule on the capture clock, aligned to Unix seconds: they neither drift
//! nor bunch, and flash and beep start at the same microsecond whichever process makes them.
mod card;
mod speaker;
mod testcard;
mod tone;
mod wav;
mod y4m;

pub use card::{draw_test_card, flash_shows, read_clock};
pub use speaker::NullSpeaker;
pub use testcard::TestCard;
pub use tone::{BEEP_HZ, BEEP_MS, BeepDetector, Tone};
pub use wav::{WavSink, WavSource};
pub use y4m::{Y4mSink, Y4mSource};

use crate::{clock::MediaClock, frame::MediaTime};

/// Later than its turn by this, a schedule is given up and begun anew: a machine that slept owes nobody old frames.
const GIVE_UP_US: i64 = 200_000;

/// Ticks at whole multiples of `1 / rate` of the Unix clock.
#[derive(Debug)]
struct Schedule {
    rate: i64,
    /// Number of the next tick since the Unix epoch.
    next: i64,
}

impl Schedule {
    fn new(rate: u32) -> Self {
        let rate = i64::from(rate.max(1));
        Self { rate, next: Self::after(rate, MediaClock::unix_us(MediaClock::now())) }
    }

    /// Waits until `ticks` after the next tick, and returns the time of the tick itself, in Unix microseconds and by the
    /// capture clock. A microphone has its block only once the block is over: one tick later.
    fn wait(&mut self, ticks: i64) -> (i64, MediaTime) {
        let now_us = MediaClock::unix_us(MediaClock::now());
        if now_us - self.unix_us(self.next + ticks) > GIVE_UP_US {
            self.next = Self::after(self.rate, now_us);
        }
        MediaClock::wait_until(MediaClock::at_unix_us(self.unix_us(self.next + ticks)));
        let unix_us = self.unix_us(self.next);
        self.next += 1;
        (unix_us, MediaClock::at_unix_us(unix_us))
    }

    fn unix_us(&self, tick: i64) -> i64 {
        let (seconds, rest) = (tick.div_euclid(self.rate), tick.rem_euclid(self.rate));
        seconds * 1_000_000 + rest * 1_000_000 / self.rate
    }

    fn after(rate: i64, unix_us: i64) -> i64 {
        (unix_us.div_euclid(1_000_000) * rate)
            + (unix_us.rem_euclid(1_000_000) * rate).div_euclid(1_000_000)
            + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_fall_on_whole_seconds_and_do_not_drift() {
        let schedule = Schedule { rate: 30, next: 0 };
        assert_eq!(schedule.unix_us(30 * 1_700_000_000), 1_700_000_000_000_000);
        assert_eq!(schedule.unix_us(30 * 1_700_000_000 + 29), 1_700_000_000_966_666);
        assert_eq!(Schedule::after(30, 1_700_000_000_000_001), 30 * 1_700_000_000 + 1);
    }

    #[test]
    fn waiting_ends_after_the_tick() {
        let mut schedule = Schedule::new(100);
        let (_, first) = schedule.wait(1);
        assert!(MediaClock::now() - first >= std::time::Duration::from_millis(10));
        let (_, second) = schedule.wait(1);
        assert_eq!(second.0 - first.0, 10_000);
    }
}
