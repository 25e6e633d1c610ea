//! Repairs that nobody has asked for: over a long path asking takes too long.
//!
//! Each packet of a picture leaves once more a little later, by RFC 4588: bursts of loss pass between the two. It costs
//! half of the pictures' rate and needs nothing new of the peer. Simulated on 250 ms each way with 11 % lost in bursts at
//! 300 kbit/s (twenty seeds): pictures stand for 40 % of the time instead of 55 %.
use super::Repair;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// From this round trip on, where packets are lost. At 200 ms what repairs ahead take from pictures outweighs what they
/// save.
const ROUND_TRIP: Duration = Duration::from_millis(300);
/// Where there is less than this, in bit/s, nothing would be left of the pictures.
const BPS: f64 = 160_000.0;
/// When a packet leaves again: later, and the pictures wait for it; sooner, and the same burst takes both (80 to 200 ms
/// tried).
const AFTER: Duration = Duration::from_millis(120);
/// A repair that is late by so much comes hardly before one on demand.
const LIFETIME: Duration = Duration::from_millis(200);
/// Packets that may wait: [`AFTER`] and [`LIFETIME`] of 5 Mbit/s.
const PACKETS_MAX: usize = 256;

/// What is to leave again.
#[derive(Debug, Default)]
pub struct Ahead(VecDeque<(Instant, Repair)>);

impl Ahead {
    /// Whether repairs on demand would come too late, on a path like this.
    #[must_use]
    pub fn is_worth_it(lossy: bool, round_trip: Option<Duration>, target: f64) -> bool {
        lossy && round_trip.is_some_and(|rtt| rtt > ROUND_TRIP) && target >= BPS
    }

    /// A packet of a picture has left.
    pub fn add(&mut self, repair: Repair, now: Instant) {
        if self.0.len() < PACKETS_MAX {
            self.0.push_back((now + AFTER, repair));
        }
    }

    /// The next that is due.
    pub fn pop(&mut self, now: Instant) -> Option<Repair> {
        while let Some((due, repair)) = self.0.pop_front_if(|(due, _)| *due <= now) {
            if now.saturating_duration_since(due) <= LIFETIME {
                return Some(repair);
            }
        }
        None
    }

    /// When the next one is due.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.0.front().map(|(due, _)| *due)
    }

    /// Nothing that has left is needed any more.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_leaves_again_a_little_later_and_late_ones_do_not() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let repair = |sequence| Repair { ssrc: 1, sequence };
        let mut ahead = Ahead::default();
        ahead.add(repair(1), start);
        ahead.add(repair(2), start + AFTER * 2);
        assert_eq!((ahead.pop(start), ahead.due()), (None, Some(start + AFTER)));
        assert_eq!(ahead.pop(start + AFTER), Some(repair(1)));
        assert_eq!(ahead.pop(start + AFTER), None);
        assert_eq!(ahead.pop(start + AFTER * 3 + LIFETIME * 2), None);
        assert!(ahead.is_empty());
    }

    #[test]
    fn only_long_paths_that_lose_and_have_room_are_worth_it() {
        let (long, short) = (Some(ROUND_TRIP * 2), Some(ROUND_TRIP / 2));
        assert!(Ahead::is_worth_it(true, long, BPS));
        assert!(!Ahead::is_worth_it(false, long, BPS));
        assert!(!Ahead::is_worth_it(true, short, BPS) && !Ahead::is_worth_it(true, None, BPS));
        assert!(!Ahead::is_worth_it(true, long, BPS / 2.0));
    }
}
