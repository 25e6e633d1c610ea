//! How much the time between two packets changes on the way.
use crate::send::Outcome;
use std::time::{Duration, Instant};

/// Weight of one change in the mean. RFC 3550's 16 would take too long: the first train comes after a few packets.
const WEIGHT: f64 = 1.0 / 8.0;

/// Interarrival jitter (RFC 3550 section 6.4.1), of packets that are part of no train.
#[derive(Debug, Default)]
pub(super) struct Jitter {
    last: Option<(Instant, Duration)>,
    seconds: f64,
}

impl Jitter {
    /// Takes in what became of a packet.
    pub fn on_outcome(&mut self, outcome: &Outcome) {
        let Some(arrival) = outcome.arrival.filter(|_| outcome.sent.probe.is_none()) else { return };
        if let Some((at, came)) = self.last.replace((outcome.sent.at, arrival)) {
            let left = outcome.sent.at.saturating_duration_since(at).as_secs_f64();
            let change = arrival.as_secs_f64() - came.as_secs_f64() - left;
            self.seconds += WEIGHT * (change.abs() - self.seconds);
        }
    }

    /// Its mean.
    pub fn mean(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}
