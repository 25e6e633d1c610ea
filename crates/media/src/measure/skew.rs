//! Lip-sync: the time between the flash and the beep of the same second.
use super::{Percentiles, Samples};
use crate::frame::MediaTime;

/// Flash and beep further apart than this are of different seconds.
const PAIR_US: i64 = 450_000;

/// Pairs flashes with beeps.
#[derive(Debug, Clone, Default)]
pub struct SkewMeter {
    flash: Option<MediaTime>,
    beep: Option<MediaTime>,
    samples: Samples,
}

impl SkewMeter {
    /// A flash was shown. Several pictures in a row that show it count as one.
    pub fn flash(&mut self, at: MediaTime) {
        if self.flash.is_none_or(|last| at.0 - last.0 > PAIR_US) {
            self.flash = Some(at);
            self.pair();
        }
    }

    /// A beep was heard.
    pub fn beep(&mut self, at: MediaTime) {
        self.beep = Some(at);
        self.pair();
    }

    fn pair(&mut self) {
        let Some((flash, beep)) = self.flash.zip(self.beep) else {
            return;
        };
        let skew_us = (flash.0 - beep.0).abs();
        if skew_us < PAIR_US {
            self.samples.push(skew_us as f32 / 1000.0);
            self.beep = None;
        }
    }

    /// Distances so far, in milliseconds, never negative.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        self.samples.percentiles()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn each_flash_is_paired_with_its_beep_whichever_is_first() {
        let mut meter = SkewMeter::default();
        for second in 0..10 {
            let start = second * SECOND;
            let (flash, beep) = if second % 2 == 0 { (0, 20_000) } else { (30_000, 0) };
            if flash < beep {
                meter.flash(MediaTime(start + flash));
                meter.flash(MediaTime(start + flash + 33_000));
                meter.beep(MediaTime(start + beep));
            } else {
                meter.beep(MediaTime(start + beep));
                meter.flash(MediaTime(start + flash));
            }
        }
        let skew = meter.percentiles().unwrap();
        assert_eq!((skew.n, skew.p50, skew.max), (10, 20.0, 30.0));
    }

    #[test]
    fn lone_flashes_and_beeps_are_no_pair() {
        let mut meter = SkewMeter::default();
        meter.flash(MediaTime(0));
        meter.beep(MediaTime(SECOND));
        meter.flash(MediaTime(2 * SECOND));
        assert_eq!(meter.percentiles(), None);
    }
}
