//! When the next packet may leave: at the paced rate, or in a train that probes the path.
use crate::bwe::Cluster;
use std::time::{Duration, Instant};

/// How long video may leave at once after a pause. Timers are no finer than a millisecond.
const BURST: Duration = Duration::from_millis(5);

/// A leaky bucket of bits, and the train in progress.
#[derive(Debug)]
pub struct Gate {
    rate: f64,
    /// May go below zero by one packet.
    bits: f64,
    filled: Option<Instant>,
    burst: Duration,
    train: Option<Train>,
}

#[derive(Debug)]
struct Train {
    cluster: Cluster,
    started: Option<Instant>,
    bytes: usize,
    packets: u32,
}

impl Gate {
    /// Opens at `rate` bit/s.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self { rate, bits: 0.0, filled: None, burst: BURST, train: None }
    }

    /// Lets so much out at once after a pause, by the rate.
    #[must_use]
    pub fn with_burst(self, burst: Duration) -> Self {
        Self { burst, ..self }
    }

    /// Changes the rate, in bit/s.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate.max(1.0);
    }

    /// Sends a train as soon as there is something to send.
    pub fn begin(&mut self, cluster: Cluster) {
        self.train = Some(Train { cluster, started: None, bytes: 0, packets: 0 });
    }

    /// The train in progress.
    #[must_use]
    pub fn train(&self) -> Option<u32> {
        self.train.as_ref().map(|train| train.cluster.id)
    }

    /// How large a packet the train wants next, in bytes; `None` without a train.
    #[must_use]
    pub fn train_packet(&self) -> Option<usize> {
        self.train.as_ref().map(|train| train.cluster.bytes / train.cluster.packets.max(1) as usize)
    }

    /// Whether a packet may leave now.
    pub fn is_open(&mut self, now: Instant) -> bool {
        self.fill(now);
        match &self.train {
            Some(train) => train.due().is_none_or(|at| at <= now),
            None => self.bits >= 0.0,
        }
    }

    /// When the next packet may leave.
    #[must_use]
    pub fn opens_at(&self) -> Option<Instant> {
        if let Some(train) = &self.train {
            return train.due();
        }
        let wait = Duration::from_secs_f64((-self.bits / self.rate).max(0.0));
        // Rounded up: called a nanosecond early, it would be called again at once, and again.
        self.filled.map(|at| at + wait + Duration::from_micros(1))
    }

    /// A packet leaves, by the gate or past it; `in_train` as a part of the train in progress.
    pub fn pass(&mut self, now: Instant, size: usize, in_train: bool) {
        self.fill(now);
        self.bits -= size as f64 * 8.0;
        if !in_train {
            return;
        }
        // A train is over and above the paced rate: it must not close the gate behind itself for long.
        self.bits = self.bits.max(-self.rate * self.burst.as_secs_f64());
        if let Some(train) = &mut self.train {
            train.started.get_or_insert(now);
            train.bytes += size;
            train.packets += 1;
            if train.bytes >= train.cluster.bytes && train.packets >= train.cluster.packets {
                self.train = None;
            }
        }
    }

    /// Forgives what was let past the gate beyond so much time's worth.
    pub fn forgive(&mut self, most: Duration) {
        self.bits = self.bits.max(-self.rate * most.as_secs_f64());
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = self.filled.map_or(self.burst, |at| now.saturating_duration_since(at));
        self.filled = Some(self.filled.map_or(now, |at| at.max(now)));
        self.bits = (self.bits + self.rate * elapsed.as_secs_f64()).min(self.rate * self.burst.as_secs_f64());
    }
}

impl Train {
    /// When the next packet keeps the train at its rate; `None` where it has not begun.
    fn due(&self) -> Option<Instant> {
        let sent = Duration::from_secs_f64(self.bytes as f64 * 8.0 / self.cluster.bps);
        self.started.map(|at| at + sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends packets of 1,000 bytes as fast as the gate lets them for `ms`, looking once a millisecond; when each left.
    fn departures(gate: &mut Gate, ms: u32) -> Vec<u32> {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
        let start = Instant::now();
        let mut left = Vec::new();
        for t in 0..ms {
            let now = start + Duration::from_millis(t.into());
            while gate.is_open(now) {
                gate.pass(now, 1_000, gate.train().is_some());
                left.push(t);
            }
        }
        left
    }

    #[test]
    fn packets_leave_at_the_rate() {
        assert_eq!(departures(&mut Gate::new(800_000.0), 1_000).len(), 101);
    }

    #[test]
    fn a_train_leaves_at_its_own_rate_and_the_rate_of_before_returns() {
        let mut gate = Gate::new(80_000.0);
        gate.begin(Cluster { id: 1, bps: 1_600_000.0, bytes: 3_000, packets: 5 });
        let left = departures(&mut gate, 1_000);
        assert_eq!(left[..5], [0, 5, 10, 15, 20]);
        assert!((12..=15).contains(&left.len()), "{left:?}");
    }
}
