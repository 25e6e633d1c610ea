//! What the machine can do: encoding that takes too much of the time between two pictures lowers the load, before
//! pictures queue.
use crate::frame::MediaTime;
use std::time::Duration;

/// Of the time between two pictures, encoding may take the first. Below the second the next larger size, of at most
/// 1.8 times the pixels, takes well less than the first again: it does not flicker.
const SHARE: (f64, f64) = (0.7, 0.25);
/// How much one picture counts in the mean.
const WEIGHT: f64 = 1.0 / 16.0;
/// How long the load is too high before it is lowered, and low before it is raised.
const PATIENCE_DOWN: Duration = Duration::from_secs(1);
const PATIENCE_UP: Duration = Duration::from_secs(15);
/// Time between two pictures: of 60 a second, and of the slowest step.
const INTERVAL: (Duration, Duration) = (Duration::from_micros(16_667), Duration::from_micros(66_667));
/// Steps at most: what remains is the least picture there is.
const MOST: usize = super::picture::STEPS.len() - 1;

/// A mean of what encoding takes, and what it led to.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    captured_at: Option<MediaTime>,
    share: Option<f64>,
    high_since: Option<MediaTime>,
    low_since: Option<MediaTime>,
    lowered_by: usize,
}

impl Load {
    /// Encoding a picture at this step took so long.
    pub fn on_encoded(&mut self, captured_at: MediaTime, took: Duration, step: usize, now: MediaTime) {
        let Some(before) = self.captured_at.replace(captured_at) else { return };
        // Pictures that were left out for want of room are no respite.
        let interval = (captured_at - before).clamp(INTERVAL.0, INTERVAL.1);
        let sample = took.as_secs_f64() / interval.as_secs_f64();
        let share = self.share.map_or(sample, |mean| mean + (sample - mean) * WEIGHT);
        self.share = Some(share);
        let held = |since: &mut Option<MediaTime>, is: bool, patience: Duration| {
            *since = if is { Some(since.unwrap_or(now)) } else { None };
            since.is_some_and(|since| now - since >= patience)
        };
        let high = held(&mut self.high_since, share > SHARE.0, PATIENCE_DOWN);
        let low = held(&mut self.low_since, share < SHARE.1, PATIENCE_UP);
        // A picture that is smaller for another reason shows nothing of a larger one.
        if high && step < MOST {
            self.change(step.max(self.lowered_by) + 1);
        } else if low && self.lowered_by > 0 && step <= self.lowered_by {
            self.change(self.lowered_by - 1);
        }
    }

    /// The step that the picture may at most have, where encoding takes too long.
    pub fn lowered_by(&self) -> usize {
        self.lowered_by
    }

    /// What was measured is no measure of the new load.
    fn change(&mut self, lowered_by: usize) {
        *self = Self { lowered_by, ..Self::default() };
    }
}
