//! How often the peer tells of packets. By the clock it is every 50 to 100 ms; GStreamer does it as seldom as it may send
//! control packets at all, with its defaults every 0.6 s (measured).
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What all the rest is made for; libwebrtc tells at least so often but on the thinnest paths.
const USUAL: Duration = Duration::from_millis(150);
/// Longer than this nobody gathers: that is a path that was cut.
const LONGEST: Duration = Duration::from_millis(1_500);
/// So many messages tell which kind the peer is; most have sent them before this time has passed. A peer that has not may
/// be one that tells of packets as seldom as it now seems.
const KNOWN_FROM: usize = 3;
const UNKNOWN: Duration = Duration::from_millis(500);
/// Messages of which the middle one counts: a path that narrows holds up a few.
const KEPT: usize = 9;
/// Messages that come so soon after another one go on with what it tells.
const TOGETHER: Duration = Duration::from_millis(5);

/// How long packets usually wait at the peer until they are told of.
#[derive(Debug, Default)]
pub struct Cadence {
    waits: VecDeque<Duration>,
    /// The middle one.
    usual: Duration,
    first: Option<Instant>,
    newest: Option<Instant>,
}

impl Cadence {
    /// Feedback at `now` tells of a packet that waited for so long.
    pub fn add(&mut self, now: Instant, waited: Duration) {
        self.first.get_or_insert(now);
        let since = self.newest.replace(now).map(|newest| now.saturating_duration_since(newest));
        if since.is_some_and(|since| since < TOGETHER) {
            return;
        }
        if self.waits.len() == KEPT {
            self.waits.pop_front();
        }
        // A packet that was overtaken by an earlier message has not waited for this one alone.
        self.waits.push_back(since.map_or(waited, |since| waited.min(since)).min(LONGEST));
        let mut waits: Vec<Duration> = self.waits.iter().copied().collect();
        waits.sort_unstable();
        self.usual = waits[waits.len() / 2];
    }

    /// Time between the first feedback and the newest.
    #[must_use]
    pub fn known_for(&self) -> Duration {
        self.first.zip(self.newest).map_or(Duration::ZERO, |(first, newest)| newest - first)
    }

    /// Whether enough was heard to know it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.waits.len() >= KNOWN_FROM
    }

    /// What it is longer than with most peers, where nothing was heard for so long.
    #[must_use]
    pub fn excess(&self, silence: Duration) -> Duration {
        match self.is_known() {
            true => self.usual.saturating_sub(USUAL),
            false => silence.saturating_sub(UNKNOWN).min(LONGEST - USUAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seldom_word_is_a_cadence_and_a_late_one_is_none() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let mut now = Instant::now();
        let ms = Duration::from_millis;
        let mut cadence = Cadence::default();
        let mut tell = |every: u64, times: u32| {
            for _ in 0..times {
                now += ms(every);
                cadence.add(now, ms(every));
            }
            cadence.excess(ms(0))
        };
        assert_eq!(tell(100, 9), ms(0));
        assert_eq!(tell(600, 3), ms(0), "held up");
        assert_eq!(tell(600, 3), ms(450));
        assert_eq!(tell(1, 100), ms(450), "messages that belong together");
        assert_eq!(tell(20_000, 9), LONGEST - USUAL);
    }
}
