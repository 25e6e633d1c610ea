//! Which captured pictures are encoded, which of them as key frames, and as of when.
use super::{VideoTarget, budget::Budget, pace::Pace};
use crate::frame::MediaTime;
use std::time::Duration;

/// Shortest time between two key frames that are asked for: a receiver behind a lossy path may ask for each lost packet,
/// and each key frame makes the next loss likelier.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(300);

/// What came before decides.
#[derive(Debug)]
pub struct Admission {
    due: MediaTime,
    last_key: Option<MediaTime>,
    budget: Budget,
    pace: Pace,
    left_out: u32,
}

/// A picture that is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// Whether it is to be a key frame.
    pub key: bool,
    /// When it was captured, as its encoder is told.
    pub time: MediaTime,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            due: MediaTime(i64::MIN / 2),
            last_key: None,
            budget: Budget::default(),
            pace: Pace::default(),
            left_out: 0,
        }
    }
}

impl Admission {
    /// A picture was captured then; there is no target while none is to be sent, and a `key` frame is wanted or not. `None`
    /// leaves it out.
    pub fn admit(&mut self, at: MediaTime, target: Option<VideoTarget>, key: bool) -> Option<Admitted> {
        self.pace.on_captured(at);
        let target = target?;
        let within = self.budget.allows(at);
        let wanted = self.is_due(at, target.max_fps);
        if !wanted || !within {
            self.left_out += u32::from(wanted);
            return None;
        }
        let ready = self.last_key.is_none_or(|last| at - last >= KEY_FRAME_INTERVAL);
        Some(Admitted { key: key && ready, time: self.pace.next(target.max_fps) })
    }

    /// A picture captured then became so many bytes at a target of `bps`. How many before it were left out because those
    /// before them had weighed too much.
    pub fn on_encoded(&mut self, at: MediaTime, bytes: usize, key: bool, bps: u32) -> u32 {
        self.budget.spend(bytes, bps);
        if key {
            self.last_key = Some(at);
        }
        std::mem::take(&mut self.left_out)
    }

    /// Whether a picture captured at `at` is wanted at this frame rate. A camera's jitter of a quarter frame is forgiven.
    fn is_due(&mut self, at: MediaTime, max_fps: u32) -> bool {
        let interval = Duration::from_secs(1) / max_fps.max(1);
        if at.plus(interval / 4) < self.due {
            return false;
        }
        self.due = if at > self.due.plus(interval) { at.plus(interval) } else { self.due.plus(interval) };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(max_fps: u32) -> Option<VideoTarget> {
        Some(VideoTarget { max_fps, ..VideoTarget::default() })
    }

    fn admitted(source_fps: i64, max_fps: u32) -> usize {
        let mut admission = Admission::default();
        (0..source_fps * 10)
            .filter_map(|n| admission.admit(MediaTime(n * 1_000_000 / source_fps), target(max_fps), false))
            .count()
    }

    #[test]
    fn frame_rate_is_limited_and_otherwise_untouched() {
        assert_eq!(admitted(30, 30), 300);
        assert!((149..=151).contains(&admitted(30, 15)));
        assert!((298..=302).contains(&admitted(60, 30)));
        assert_eq!(admitted(25, 30), 250);
    }

    #[test]
    fn key_frames_that_are_asked_for_all_the_time_come_now_and_then() {
        let mut admission = Admission::default();
        let mut keys = Vec::new();
        for at in (0..1_000_000).step_by(33_333).map(MediaTime) {
            let admitted = admission.admit(at, target(30), true).expect("in time");
            admission.on_encoded(at, 100, admitted.key, 1_000_000);
            keys.extend(admitted.key.then_some(at.0 / 1_000));
        }
        assert_eq!(keys, [0, 333, 666, 999]);
    }

    #[test]
    fn what_is_left_out_for_its_weight_is_told_and_what_is_held_is_not() {
        let mut admission = Admission::default();
        let (mut left_out, mut sent) = (0, 0);
        for n in 0..300_i64 {
            let at = MediaTime(n * 33_333);
            // Held for a second, and each picture twice as heavy as its share.
            let target = target(30).filter(|_| !(90..120).contains(&n));
            if admission.admit(at, target, false).is_some() {
                left_out += admission.on_encoded(at, 8_333, false, 1_000_000);
                sent += 1;
            }
        }
        assert!(
            (140..160).contains(&sent) && left_out + sent + 30 >= 299,
            "{sent} sent, {left_out} left out"
        );
    }
}
