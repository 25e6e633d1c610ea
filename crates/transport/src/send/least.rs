//! What the path takes when it is empty: the least of the last seconds, there and back or one way.
use super::Outcome;
use std::time::{Duration, Instant};

/// How long a low holds; a longer route is taken for one within twice this.
const SPAN: Duration = Duration::from_secs(10);

/// So long after the first packet the shortest way is known.
const SETTLED: Duration = Duration::from_secs(5);

/// The least of the last seconds.
#[derive(Debug)]
pub struct Least<T> {
    current: Option<(Instant, T)>,
    previous: Option<T>,
}

impl<T> Default for Least<T> {
    fn default() -> Self {
        Self { current: None, previous: None }
    }
}

impl<T: Copy + Ord> Least<T> {
    /// Takes in one value, measured at `now`.
    pub fn add(&mut self, now: Instant, sample: T) {
        match &mut self.current {
            Some((since, least)) if now.saturating_duration_since(*since) < SPAN => {
                *least = sample.min(*least);
            }
            current => {
                self.previous = current.map(|(_, least)| least);
                *current = Some((now, sample));
            }
        }
    }

    /// `None` until one was measured.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        self.current.map(|(_, least)| least).into_iter().chain(self.previous).min()
    }
}

/// How much longer than on an empty path packets take to the peer. Its clock is another one, so only differences count;
/// when word of a packet comes does not.
#[derive(Debug, Default)]
pub struct OneWay {
    /// When the first packet left.
    epoch: Option<Instant>,
    /// From leaving, counted from the epoch, to arrival on the peer's clock, in microseconds.
    base: Least<i64>,
    /// When something was heard of a packet first.
    since: Option<Instant>,
}

/// What some packets have to tell of the way that they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waits {
    /// How long the newest has waited.
    pub queued: Duration,
    /// How much shorter the way is than it ever was lately: it is another one, or carries more. Nothing while it is new.
    pub gained: Duration,
}

impl OneWay {
    /// Takes in what arrived.
    pub fn add(&mut self, now: Instant, outcomes: &[Outcome]) -> Waits {
        let mut newest = None;
        let before = self.base.get();
        let is_new = now.saturating_duration_since(*self.since.get_or_insert(now)) < SETTLED;
        for Outcome { sent, arrival } in outcomes {
            let Some(arrival) = arrival else { continue };
            let epoch = *self.epoch.get_or_insert(sent.at);
            // The first that arrives need not be the first that left.
            let left = micros(sent.at.saturating_duration_since(epoch))
                - micros(epoch.saturating_duration_since(sent.at));
            let took = micros(*arrival) - left;
            self.base.add(now, took);
            if newest.is_none_or(|(at, _)| sent.at >= at) {
                newest = Some((sent.at, took));
            }
        }
        let queued = newest.zip(self.base.get()).map_or(0, |((_, took), base)| took - base);
        let gained =
            before.zip(self.base.get()).filter(|_| !is_new).map_or(0, |(before, base)| before - base);
        let time = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        Waits { queued: time(queued), gained: time(gained) }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::Sent;

    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn the_least_holds_for_a_while_and_is_then_forgotten() {
        let start = start();
        let ms = Duration::from_millis;
        let mut base = Least::default();
        assert_eq!(base.get(), None);
        for s in 0..40 {
            base.add(start + Duration::from_secs(s), if s == 3 { ms(50) } else { ms(90) });
            let expected = if (3..20).contains(&s) { ms(50) } else { ms(90) };
            assert_eq!(base.get(), Some(expected), "after {s} s");
        }
    }

    #[test]
    fn what_queues_shows_whenever_it_is_told_of() {
        let start = start();
        let ms = Duration::from_millis;
        let mut way = OneWay::default();
        // The peer's clock is an hour ahead; its word comes 600 ms later.
        let mut told = |number: u64, left: u64, took: Option<u64>| {
            let sent = Sent { number, at: start + ms(left), size: 1_000, probe: None };
            let arrival = took.map(|took| ms(3_600_000 + left + took));
            let waits = way.add(start + ms(left + 600), &[Outcome { sent, arrival }]);
            (waits.queued, waits.gained)
        };
        assert_eq!(told(0, 0, Some(40)), (ms(0), ms(0)));
        assert_eq!(told(1, 20, Some(340)), (ms(300), ms(0)));
        assert_eq!(told(2, 40, None), (ms(0), ms(0)));
        assert_eq!(told(3, 60, Some(30)), (ms(0), ms(0)), "shorter than any before, of which there are few");
        assert_eq!(told(4, 80, Some(40)), (ms(10), ms(0)));
        assert_eq!(told(5, 6_000, Some(20)), (ms(0), ms(10)));
    }
}
