//! What a train of packets found (libwebrtc's `ProbeBitrateEstimator`).
use super::{Cluster, jitter::Jitter};
use crate::send::Outcome;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Part of a train that must have arrived.
const ARRIVED: f64 = 0.8;
/// A train that took longer than this was interrupted.
const LONGEST: Duration = Duration::from_secs(1);
/// Arrivals this much faster than departures are the work of a burst on the way, not of the path.
const COMPRESSED: f64 = 2.0;
/// Arriving at less than this part of its rate, a train has found the limit,
const LIMIT: f64 = 0.9;
/// and this part of it is safe to use.
const SAFE: f64 = 0.95;
/// A train may have taken longer than it looks, by so many times the jitter of the path. Measured in simulated calls to another
/// continent (20 s, 50 ms of jitter): half of them began with three times what the path carries; 1 and 3 are no better.
const DOUBT: u32 = 2;
/// Trains that are looked at, at a time.
const TRAINS: usize = 4;

#[derive(Debug)]
struct Train {
    cluster: Cluster,
    packets: u32,
    bytes: usize,
    sent: Option<Span<Instant>>,
    arrived: Option<Span<Duration>>,
    done: bool,
}

/// First and last, with the size of the packet at that end which opens or closes the span and is not in it.
#[derive(Debug, Clone, Copy)]
struct Span<T> {
    first: T,
    last: T,
    first_size: usize,
    last_size: usize,
}

impl<T: PartialOrd + Copy> Span<T> {
    fn add(span: &mut Option<Self>, at: T, size: usize) {
        let Some(span) = span else {
            *span = Some(Self { first: at, last: at, first_size: size, last_size: size });
            return;
        };
        if at < span.first {
            (span.first, span.first_size) = (at, size);
        }
        if at >= span.last {
            (span.last, span.last_size) = (at, size);
        }
    }
}

/// What a train has found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// [`Cluster::id`].
    pub id: u32,
    /// What the path seems to carry, in bit/s.
    pub bps: f64,
    /// What it carries, if jitter has made the train look that much faster.
    pub sure_bps: f64,
    /// Whether all of it has arrived.
    pub whole: bool,
}

/// Collects trains.
#[derive(Debug, Default)]
pub struct Evaluator {
    trains: BTreeMap<u32, Train>,
    jitter: Jitter,
}

impl Evaluator {
    /// A train is on its way.
    pub fn expect(&mut self, cluster: Cluster) {
        if self.trains.len() == TRAINS {
            self.trains.pop_first();
        }
        let train = Train { cluster, packets: 0, bytes: 0, sent: None, arrived: None, done: false };
        self.trains.insert(cluster.id, train);
    }

    /// Takes in what became of a packet; says what its train found, where enough of it has arrived.
    pub fn on_outcome(&mut self, outcome: &Outcome) -> Option<Found> {
        self.jitter.on_outcome(outcome);
        let id = outcome.sent.probe?;
        let train = self.trains.get_mut(&id)?;
        let arrival = outcome.arrival?;
        if train.done {
            return None;
        }
        train.packets += 1;
        train.bytes += outcome.sent.size;
        Span::add(&mut train.sent, outcome.sent.at, outcome.sent.size);
        Span::add(&mut train.arrived, arrival, outcome.sent.size);
        let enough = f64::from(train.packets) >= f64::from(train.cluster.packets) * ARRIVED
            && train.bytes as f64 >= train.cluster.bytes as f64 * ARRIVED;
        let whole = train.packets >= train.cluster.packets && train.bytes >= train.cluster.bytes;
        train.done = whole;
        let bps = train.found(Duration::ZERO).filter(|_| enough)?;
        let sure_bps = train.found(self.jitter.mean() * DOUBT).unwrap_or(0.0);
        Some(Found { id, bps, sure_bps, whole })
    }
}

impl Train {
    /// In bit/s, where it took so much longer to arrive than it looks.
    fn found(&self, doubt: Duration) -> Option<f64> {
        let (sent, arrived) = (self.sent?, self.arrived?);
        let departures = sent.last.saturating_duration_since(sent.first);
        let arrivals = arrived.last.saturating_sub(arrived.first) + doubt;
        if departures.is_zero() || arrivals.is_zero() || departures > LONGEST || arrivals > LONGEST {
            return None;
        }
        let rate = |bytes: usize, span: Duration| bytes as f64 * 8.0 / span.as_secs_f64();
        // Between the first and the last departure all but the last left; all but the first arrived.
        let left = rate(self.bytes - sent.last_size, departures);
        let came = rate(self.bytes - arrived.first_size, arrivals);
        if came > left * COMPRESSED {
            return None;
        }
        Some(if came < left * LIMIT { came * SAFE } else { left.min(came) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::Sent;

    /// Sends a train of six packets at `sent` bit/s over a path of `path` bit/s.
    fn found(sent: f64, path: f64, lost: Option<u64>) -> Option<f64> {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut evaluator = Evaluator::default();
        evaluator.expect(Cluster { id: 3, bps: sent, bytes: 5_000, packets: 5 });
        let gap = |bps: f64, n: u64| Duration::from_secs_f64(1_000.0 * 8.0 / bps * n as f64);
        let mut found = None;
        for n in 0..6 {
            let arrival = (Some(n) != lost).then(|| Duration::from_secs(9) + gap(path.min(sent), n));
            let packet = Sent { number: n, at: start + gap(sent, n), size: 1_000, probe: Some(3) };
            let now_found = evaluator.on_outcome(&Outcome { sent: packet, arrival });
            found = now_found.map(|found| found.bps).or(found);
        }
        found
    }

    fn near(found: Option<f64>, bps: f64) -> bool {
        found.is_some_and(|found| (found / bps - 1.0).abs() < 0.02)
    }

    #[test]
    fn a_free_path_is_found_at_the_trains_rate() {
        assert!(near(found(2e6, 10e6, None), 2e6));
    }

    #[test]
    fn a_narrow_path_is_found_at_its_own_rate_less_a_margin() {
        assert!(near(found(2e6, 1e6, None), 0.95e6));
    }

    #[test]
    fn one_lost_packet_does_not_spoil_a_train() {
        assert!(near(found(2e6, 10e6, Some(2)), 1.6e6));
    }

    #[test]
    fn what_jitter_may_have_pressed_together_is_not_sure() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut evaluator = Evaluator::default();
        let mut number = 0;
        let mut send = |evaluator: &mut Evaluator, left_ms: u64, came_ms: u64, probe| {
            number += 1;
            let sent = Sent { number, at: start + Duration::from_millis(left_ms), size: 1_000, probe };
            evaluator.on_outcome(&Outcome { sent, arrival: Some(Duration::from_millis(came_ms)) })
        };
        for n in 0..40 {
            send(&mut evaluator, n * 20, 100 + n * 20 + n % 2 * 10, None);
        }
        evaluator.expect(Cluster { id: 0, bps: 1e6, bytes: 5_000, packets: 5 });
        let found = (0..5).filter_map(|n| send(&mut evaluator, 800 + n * 8, 900 + n * 8, Some(0))).last();
        let found = found.expect("the whole train arrived");
        // Five thousand bytes but one packet, in 32 ms and in 52 ms.
        assert!(near(Some(found.bps), 1e6), "{found:?}");
        assert!(near(Some(found.sure_bps), 0.95 * 32e3 / 0.052), "{found:?}");
    }

    #[test]
    fn packets_that_were_held_and_let_go_together_say_nothing() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut evaluator = Evaluator::default();
        evaluator.expect(Cluster { id: 0, bps: 1e6, bytes: 5_000, packets: 5 });
        for n in 0..6_u32 {
            let sent = Sent {
                number: n.into(),
                at: start + Duration::from_millis(8) * n,
                size: 1_000,
                probe: Some(0),
            };
            let arrival = Some(Duration::from_secs(1) + Duration::from_micros(250) * n);
            assert_eq!(evaluator.on_outcome(&Outcome { sent, arrival }), None);
        }
    }
}
