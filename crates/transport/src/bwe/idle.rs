//! Whether the application sends less than it may: what arrives then says nothing of what the path could carry.
//!
//! libwebrtc's `AlrDetector`, ALR for "application limited region".
use std::time::{Duration, Instant};

/// Part of the target that a sender must use to count as limited by the path.
const USED: f64 = 0.65;
/// Over how long.
const WINDOW: Duration = Duration::from_millis(500);
/// Idle from here on: so much of the window's budget is left over.
const BEGIN: f64 = 0.80;
/// No longer idle: less than this is left over.
const END: f64 = 0.50;

/// A budget that fills at a part of the target's rate and is drained by what leaves.
#[derive(Debug, Default)]
pub(super) struct Idle {
    left_bytes: f64,
    filled: Option<Instant>,
    since: Option<Instant>,
}

impl Idle {
    /// Takes in a packet that leaves, while `target` bit/s are allowed.
    pub fn on_sent(&mut self, at: Instant, size: usize, target: f64) {
        self.fill(at, target);
        let most = full(target);
        self.left_bytes = (self.left_bytes - size as f64).max(-most);
        let share = self.left_bytes / most;
        if share > BEGIN {
            self.since.get_or_insert(at);
        } else if share < END {
            self.since = None;
        }
    }

    /// Since when; `None` where the path is the limit.
    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    fn fill(&mut self, now: Instant, target: f64) {
        let elapsed = self.filled.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let more = target * USED / 8.0 * elapsed.as_secs_f64();
        self.left_bytes = (self.left_bytes + more).min(full(target));
    }
}

fn full(target: f64) -> f64 {
    target * USED / 8.0 * WINDOW.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends at `bps` for two seconds while 1 Mbit/s are allowed.
    fn idle_after(idle: &mut Idle, start: Instant, bps: f64) -> bool {
        let gap = 1_000.0 * 8.0 / bps;
        for n in 0..(2.0 / gap) as u32 {
            idle.on_sent(start + Duration::from_secs_f64(gap * f64::from(n)), 1_000, 1e6);
        }
        idle.since().is_some()
    }

    #[test]
    fn a_sender_far_below_the_target_is_idle_until_it_uses_it() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut idle = Idle::default();
        assert!(!idle_after(&mut idle, start, 0.9e6));
        assert!(idle_after(&mut idle, start + Duration::from_secs(2), 0.2e6));
        assert!(!idle_after(&mut idle, start + Duration::from_secs(4), 0.9e6));
    }
}
