//! What the path carries, where it shows: packets that arrive more slowly than they left have waited for its narrowest
//! part, and come at the rate of that.
//!
//! What arrives is no such thing by itself: of a sender who sends little, little arrives.
use crate::send::Sent;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Packets of this span are looked at, by arrival.
const WINDOW: Duration = Duration::from_millis(400);
/// And so many of them, at most: 400 ms of 5 Mbit/s.
const PACKETS_MAX: usize = 256;
/// Packets that are spread so much by the path were at its limit; less may be jitter.
const SPREAD: f64 = 1.2;
/// Part of the target that must have been used: of what little was sent, the spread is jitter.
const USED: f64 = 0.7;
/// A shorter stretch proves nothing.
const STRETCH_MIN: Duration = Duration::from_millis(120);

/// The last arrivals.
#[derive(Debug, Default)]
pub(super) struct Limit(VecDeque<(Instant, Duration, usize)>);

impl Limit {
    /// Takes in an arrival, by the peer's clock.
    pub fn on_packet(&mut self, sent: &Sent, arrival: Duration) {
        self.0.push_back((sent.at, arrival, sent.size));
        while self.0.len() > PACKETS_MAX
            || self.0.front().is_some_and(|(_, first, _)| arrival.saturating_sub(*first) > WINDOW)
        {
            self.0.pop_front();
        }
    }

    /// The highest rate of any long enough stretch that left at `target` or more, in bit/s; `None` where the path was not
    /// at its limit.
    pub fn bps(&self, target: f64) -> Option<f64> {
        (0..self.0.len()).filter_map(|first| self.from(first, target)).max_by(f64::total_cmp)
    }

    /// What has arrived of late, in bit/s, however little was sent: that is what a path carries in which everything waits.
    /// `None` of too short a time.
    pub fn arriving(&self) -> Option<f64> {
        let ((_, first, size), (_, last, _)) = (self.0.front()?, self.0.back()?);
        let bytes = self.0.iter().map(|(_, _, size)| size).sum::<usize>() - size;
        let span = last.saturating_sub(*first);
        (span >= STRETCH_MIN).then(|| bytes as f64 * 8.0 / span.as_secs_f64())
    }

    fn from(&self, first: usize, target: f64) -> Option<f64> {
        let (left_first, came_first, _) = *self.0.get(first)?;
        let mut bytes = 0;
        let rates = self.0.iter().skip(first + 1).filter_map(|(left, came, size)| {
            bytes += size;
            let (left, came) = (left.saturating_duration_since(left_first), came.saturating_sub(came_first));
            let (bits, used) = (bytes as f64 * 8.0, target * USED * left.as_secs_f64());
            let spread = came >= STRETCH_MIN && came >= left.mul_f64(SPREAD) && bits >= used;
            spread.then(|| bits / came.as_secs_f64())
        });
        rates.max_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 1,000 bytes that leave and arrive with these gaps.
    fn limit(left_ms: u64, came_ms: u64) -> Option<f64> {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut limit = Limit::default();
        for n in 0..100 {
            let at = start + Duration::from_millis(left_ms * n);
            let sent = Sent { number: n, at, size: 1_000, probe: None };
            limit.on_packet(&sent, Duration::from_millis(came_ms * n));
        }
        limit.bps(500_000.0)
    }

    #[test]
    fn packets_spread_by_the_path_show_its_rate_and_others_show_nothing() {
        assert!(limit(4, 16).is_some_and(|bps| (bps / 500_000.0 - 1.0).abs() < 0.01));
        assert_eq!(limit(100, 120), None);
        assert_eq!(limit(20, 20), None);
        assert_eq!(limit(20, 15), None);
    }
}
