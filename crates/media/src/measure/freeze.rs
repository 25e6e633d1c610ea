//! Freezes and gaps between rendered pictures.
use crate::frame::MediaTime;
use std::time::Duration;

/// Pictures in the running average (W3C webrtc-stats, `freezeCount`).
const AVERAGED: usize = 30;
/// A gap is a freeze when it exceeds the average by this, and three times the average (same definition).
const EXTRA: Duration = Duration::from_millis(150);
/// Gaps longer than this are counted, and told one by one.
pub const LONG_GAP: Duration = Duration::from_millis(200);
/// A gap longer than this is a pause (same definition).
const PAUSE: Duration = Duration::from_secs(5);

/// What the gap before a picture was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Nothing to see.
    None,
    /// The picture stood still for so long.
    Freeze(Duration),
    /// There was no picture for so long, for a reason or beyond hope.
    Pause(Duration),
}

/// Counts freezes by the definition of W3C's webrtc-stats: a gap of more than max(3 * average, average + 150 ms).
#[derive(Debug, Clone, Default)]
pub struct FreezeMeter {
    last: Option<MediaTime>,
    gaps: [Duration; AVERAGED],
    frames: usize,
    freezes: u32,
    frozen: Duration,
    longest: Duration,
    long_gaps: u32,
}

impl FreezeMeter {
    /// A picture was rendered; what the gap before it was.
    pub fn rendered(&mut self, at: MediaTime) -> Gap {
        let Some(last) = self.last.replace(at) else { return Gap::None };
        let gap = at - last;
        let mut was = Gap::None;
        self.longest = self.longest.max(gap);
        self.long_gaps += u32::from(gap > LONG_GAP);
        let known = self.frames.min(AVERAGED);
        if known > 0 {
            let average = self.gaps[..known].iter().sum::<Duration>() / u32::try_from(known).unwrap_or(1);
            if gap > (average * 3).max(average + EXTRA) {
                if gap > PAUSE {
                    was = Gap::Pause(gap);
                } else {
                    self.freezes += 1;
                    self.frozen += gap;
                    was = Gap::Freeze(gap);
                }
            }
        }
        self.gaps[self.frames % AVERAGED] = gap;
        self.frames += 1;
        was
    }

    /// A picture was rendered, the first after a pause.
    pub fn resumed(&mut self, at: MediaTime) -> Gap {
        let gap = self.last.map_or(Gap::None, |last| Gap::Pause(at - last));
        self.paused();
        self.rendered(at);
        gap
    }

    /// The picture stopped for a reason, such as a camera that was switched off: the gap until the next one is no freeze.
    pub fn paused(&mut self) {
        self.last = None;
    }

    /// Freezes so far.
    #[must_use]
    pub fn freezes(&self) -> u32 {
        self.freezes
    }

    /// Time spent in freezes.
    #[must_use]
    pub fn frozen(&self) -> Duration {
        self.frozen
    }

    /// Longest gap between two pictures.
    #[must_use]
    pub fn longest_gap(&self) -> Duration {
        self.longest
    }

    /// Gaps of more than 200 ms.
    #[must_use]
    pub fn gaps_over_200_ms(&self) -> u32 {
        self.long_gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(gaps_ms: &[i64]) -> FreezeMeter {
        let mut meter = FreezeMeter::default();
        let mut at = 0;
        for gap in [0].iter().chain(gaps_ms) {
            at += gap * 1000;
            meter.rendered(MediaTime(at));
        }
        meter
    }

    #[test]
    fn steady_pictures_never_freeze() {
        assert_eq!(meter(&[33; 100]).freezes(), 0);
    }

    #[test]
    fn gap_beyond_the_limit_is_a_freeze_and_one_below_is_none() {
        let limit = 33 + 150;
        let mut gaps = [33; 50];
        gaps[40] = limit - 1;
        assert_eq!(meter(&gaps).freezes(), 0);
        gaps[40] = 250;
        let frozen = meter(&gaps);
        assert_eq!((frozen.freezes(), frozen.frozen()), (1, Duration::from_millis(250)));
        assert_eq!((frozen.gaps_over_200_ms(), frozen.longest_gap()), (1, Duration::from_millis(250)));
    }

    #[test]
    fn a_gap_is_told_for_what_it_was() {
        let (mut meter, at) = (meter(&[33; 50]), MediaTime(50 * 33_000));
        assert_eq!(meter.rendered(at.plus(Duration::from_millis(33))), Gap::None);
        let at = at.plus(Duration::from_millis(333));
        assert_eq!(meter.rendered(at), Gap::Freeze(Duration::from_millis(300)));
        let at = at.plus(Duration::from_secs(6));
        assert_eq!(meter.rendered(at), Gap::Pause(Duration::from_secs(6)));
        let at = at.plus(Duration::from_secs(2));
        assert_eq!(meter.resumed(at), Gap::Pause(Duration::from_secs(2)), "the camera was off");
        assert_eq!((meter.freezes(), meter.frozen()), (1, Duration::from_millis(300)));
    }

    #[test]
    fn pause_is_no_freeze() {
        let mut meter = meter(&[33; 50]);
        meter.paused();
        meter.rendered(MediaTime(60_000_000));
        assert_eq!(meter.freezes(), 0);
    }
}
