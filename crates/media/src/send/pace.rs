//! Time as an encoder sees it.
//!
//! An encoder shares its rate among the pictures that it expects from the time between them: where some are left out, those
//! that follow get their share as well. But they are left out because the path has no room. So the time of a picture is
//! that of the camera's pace, however many have been left out before it: what was not sent is saved.
use crate::frame::MediaTime;
use std::time::Duration;

/// Longest time between two pictures of a camera that counts.
const INTERVAL_MAX: Duration = Duration::from_millis(500);
/// How much one interval counts in the mean.
const WEIGHT: f64 = 1.0 / 8.0;

/// The clock.
#[derive(Debug, Default)]
pub(super) struct Pace {
    captured: Option<MediaTime>,
    /// Mean time between two captured pictures, in seconds.
    interval: Option<f64>,
    now: MediaTime,
}

impl Pace {
    /// A picture was captured, whether it is encoded or not.
    pub fn on_captured(&mut self, at: MediaTime) {
        if let Some(before) = self.captured.replace(at) {
            let interval = (at - before).min(INTERVAL_MAX).as_secs_f64();
            let mean = self.interval.unwrap_or(interval);
            self.interval = Some(mean + (interval - mean) * WEIGHT);
        }
    }

    /// The time of the next picture that is encoded, of at most so many a second.
    pub fn next(&mut self, max_fps: u32) -> MediaTime {
        let least = 1.0 / f64::from(max_fps.max(1));
        let interval = self.interval.map_or(least, |interval| interval.max(least));
        self.now = self.now.plus(Duration::from_secs_f64(interval));
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_by_the_camera_and_stands_while_pictures_are_left_out() {
        let mut pace = Pace::default();
        let mut encoded = Vec::new();
        for n in 0..60 {
            pace.on_captured(MediaTime(n * 40_000));
            if !(20..40).contains(&n) {
                encoded.push(pace.next(30).0);
            }
        }
        let steps: Vec<i64> = encoded.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (33_000..=40_100).contains(step)), "{steps:?}");
        assert_eq!(pace.next(10).0 - encoded[39], 100_000);
    }
}
