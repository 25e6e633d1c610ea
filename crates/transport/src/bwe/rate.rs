//! The target by delay: up while no queue grows, down to what arrives when one does (draft-ietf-rmcat-gcc-02 section 5.5).
use super::{MAX_BPS, MIN_BPS, Usage};
use std::time::{Duration, Instant};

/// What is kept of the rate that arrives, when a queue grows.
const DECREASE: f64 = 0.85;
/// Growth in a second far from any known limit.
const INCREASE: f64 = 1.08;
/// Growth in a second until the first queue: nothing is known yet of the path.
const INCREASE_FIRST: f64 = 1.6;
/// The target may lead what arrives by so much: more would be a guess.
const LEAD: f64 = 1.5;
const LEAD_BPS: f64 = 10_000.0;
/// A packet, in bits: what one response time may add near the limit.
const PACKET_BITS: f64 = 1_200.0 * 8.0;
/// Shortest time between two cuts: the first one must have had an effect.
const CUT_EVERY: Duration = Duration::from_millis(200);
const RTT_UNKNOWN: Duration = Duration::from_millis(100);

/// Sending less than this part of the target, we fill no queue: another does, or the machine was busy.
const APP_LIMITED: f64 = 0.6;

/// Throughput over the last moments in bit/s, where known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rates {
    /// What left us.
    pub sent: Option<f64>,
    /// What arrived at the peer.
    pub acked: Option<f64>,
}

/// Additive increase near the limit, multiplicative elsewhere, multiplicative decrease.
#[derive(Debug)]
pub(super) struct RateControl {
    target: f64,
    updated: Option<Instant>,
    cut: Option<Instant>,
    /// What arrived when a queue last grew, smoothed, in bit/s.
    limit: Option<f64>,
}

impl RateControl {
    pub fn new(start: f64) -> Self {
        Self { target: start, updated: None, cut: None, limit: None }
    }

    /// In bit/s.
    pub fn target(&self) -> f64 {
        self.target
    }

    pub fn update(&mut self, now: Instant, usage: Usage, rates: Rates, rtt: Option<Duration>) {
        let elapsed =
            self.updated.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let rtt = rtt.unwrap_or(RTT_UNKNOWN);
        match usage {
            Usage::Normal => self.increase(elapsed.min(Duration::from_secs(1)), rates.acked, rtt),
            Usage::Over => self.decrease(now, rates, rtt),
            // The queue drains: whatever is sent more now makes that take longer.
            Usage::Under => {}
        }
        self.target = self.target.clamp(MIN_BPS, MAX_BPS);
    }

    fn increase(&mut self, elapsed: Duration, acked: Option<f64>, rtt: Duration) {
        // Well past the limit of before: the path has changed.
        if let (Some(acked), Some(limit)) = (acked, self.limit)
            && acked > limit * 1.3
        {
            self.limit = None;
        }
        let seconds = elapsed.as_secs_f64();
        let grown = match self.limit {
            Some(_) => {
                let response = (rtt + Duration::from_millis(100)).as_secs_f64();
                self.target + (PACKET_BITS / response).max(4_000.0) * seconds
            }
            None if self.cut.is_none() => self.target * INCREASE_FIRST.powf(seconds),
            None => self.target * INCREASE.powf(seconds),
        };
        // What is not sent proves nothing; but the target never falls because little is sent.
        let lead = acked.map_or(self.target, |acked| LEAD * acked + LEAD_BPS);
        self.target = grown.min(lead.max(self.target));
    }

    fn decrease(&mut self, now: Instant, rates: Rates, rtt: Duration) {
        if self.cut.is_some_and(|at| now.saturating_duration_since(at) < CUT_EVERY.max(rtt)) {
            return;
        }
        self.cut = Some(now);
        if rates.sent.is_some_and(|sent| sent < APP_LIMITED * self.target) {
            // What arrives is then no measure of the path.
            self.target *= DECREASE;
            return;
        }
        let arrives = rates.acked.unwrap_or(self.target);
        self.limit = Some(self.limit.map_or(arrives, |limit| 0.95 * limit + 0.05 * arrives));
        self.target = self.target.min(DECREASE * arrives);
    }
}
