//! The target by delay: up while no queue grows, down to what arrives when one does (draft-ietf-rmcat-gcc-02 section
//! 5.5, with libwebrtc's use of a known link capacity).
use super::{MAX_BPS, MIN_BPS, START_BPS, Usage, capacity::Capacity};
use std::time::{Duration, Instant};

/// What is kept of the rate that arrives, when a queue grows.
const DECREASE: f64 = 0.85;
/// Growth in a second far from any known limit, and least growth, in bit/s.
const INCREASE: f64 = 1.08;
const INCREASE_BPS: f64 = 1_000.0;
/// Growth in a second until the first queue: nothing is known yet of the path, and probes may have been lost. And most growth
/// until anything of it can be heard: where that takes long, the queue would have overflowed by then.
const INCREASE_FIRST: f64 = 4.0;
const UNHEARD: f64 = 1.3;
/// The target may lead what arrives by so much: more would be a guess.
const LEAD: f64 = 1.5;
const LEAD_BPS: f64 = 10_000.0;
/// Pictures a second, and bits of a packet: how much one more packet for each response time is.
const PICTURES: f64 = 30.0;
const PACKET_BITS: f64 = 1_200.0 * 8.0;
const INCREASE_NEAR_BPS: f64 = 4_000.0;
/// Bounds of the time between two cuts: the first one must have had an effect.
const CUT_EVERY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));
const RTT_UNKNOWN: Duration = Duration::from_millis(200);

/// What is known of the path beside its delay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// What arrives at the peer, in bit/s.
    pub acked: Option<f64>,
    /// Round trip.
    pub rtt: Option<Duration>,
    /// What the path carries, where that shows, in bit/s.
    pub limit: Option<f64>,
    /// Whether padding can fill the target. Where it cannot, as before the first picture or without retransmission, only a
    /// higher target brings more that could arrive.
    pub fills: bool,
}

/// Additive increase near the limit, multiplicative elsewhere, multiplicative decrease.
#[derive(Debug)]
pub(super) struct RateControl {
    target: f64,
    updated: Option<Instant>,
    cut: Option<Instant>,
    /// After a cut the target holds until the path is seen to be free again.
    holds: bool,
    capacity: Capacity,
}

impl Default for RateControl {
    fn default() -> Self {
        Self { target: START_BPS, updated: None, cut: None, holds: false, capacity: Capacity::default() }
    }
}

impl RateControl {
    /// In bit/s.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Whether a queue was ever seen.
    pub fn has_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Whether one was seen within so much time.
    pub fn has_cut_since(&self, now: Instant, span: Duration) -> bool {
        self.cut.is_some_and(|at| now.saturating_duration_since(at) <= span)
    }

    /// What the path was seen to carry when a queue grew, in bit/s.
    pub fn capacity(&self) -> Option<f64> {
        self.capacity.bps().filter(|_| self.has_cut())
    }

    /// A probe arrived at this rate, in bit/s.
    pub fn on_probe(&mut self, now: Instant, bps: f64) {
        self.capacity.on_probe(bps);
        self.target = bps.clamp(MIN_BPS, MAX_BPS);
        self.updated = Some(now);
    }

    /// Sets the target, where something else than delay says so, in bit/s.
    pub fn lower(&mut self, now: Instant, bps: f64) {
        self.target = self.target.min(bps).max(MIN_BPS);
        self.updated = Some(now);
    }

    pub fn update(&mut self, now: Instant, usage: Usage, known: Known) {
        let elapsed =
            self.updated.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        match usage {
            Usage::Over if self.may_cut(now, known) => self.decrease(now, known),
            Usage::Over => {}
            // The queue drains: whatever is sent more now makes that take longer.
            Usage::Under => self.holds = true,
            Usage::Normal if self.holds => self.holds = false,
            Usage::Normal => self.increase(elapsed.min(Duration::from_secs(1)).as_secs_f64(), known),
        }
        self.target = self.target.clamp(MIN_BPS, MAX_BPS);
    }

    fn increase(&mut self, seconds: f64, known: Known) {
        // What is not sent proves nothing; but the target never falls because little is sent.
        let most = known.acked.map_or(f64::MAX, |acked| LEAD * acked + LEAD_BPS);
        let most = if known.fills { most } else { most.max(START_BPS) };
        if self.target >= most {
            return;
        }
        if let (Some(acked), Some((_, high))) = (known.acked, self.capacity.bounds())
            && acked > high
        {
            self.capacity.reset();
        }
        let more = if self.capacity.bps().is_some() {
            near(self.target, known.rtt) * seconds
        } else {
            let first = UNHEARD.powf(1.0 / response(known.rtt)).min(INCREASE_FIRST);
            let growth = if self.has_cut() { INCREASE } else { first };
            (self.target * (growth.powf(seconds) - 1.0)).max(INCREASE_BPS * seconds)
        };
        self.target = (self.target + more).min(most);
    }

    fn may_cut(&self, now: Instant, known: Known) -> bool {
        let Some(at) = self.cut else { return true };
        let every = known.rtt.unwrap_or(CUT_EVERY.1).clamp(CUT_EVERY.0, CUT_EVERY.1);
        let collapsed = known.limit.is_some_and(|limit| limit < self.target / 2.0);
        now.saturating_duration_since(at) >= every || collapsed
    }

    /// To a part of what the path carries; of the target, where nothing is known of that.
    fn decrease(&mut self, now: Instant, known: Known) {
        let carries = known.limit.filter(|limit| *limit < self.target);
        if let Some(limit) = carries {
            if self.capacity.bounds().is_some_and(|(low, _)| limit < low) {
                self.capacity.reset();
            }
            self.capacity.on_queue(limit);
        }
        // A queue where the path is not at its limit is one that drains, or jitter.
        let carries = carries.or(self.capacity.bps()).unwrap_or(self.target);
        self.target = self.target.min(DECREASE * carries);
        (self.cut, self.holds) = (Some(now), true);
    }
}

/// One more packet for each response time, in bit/s and second.
fn near(target: f64, rtt: Option<Duration>) -> f64 {
    let picture = target / PICTURES;
    let packet = picture / (picture / PACKET_BITS).ceil().max(1.0);
    (packet / response(rtt)).max(INCREASE_NEAR_BPS)
}

/// What it takes to hear of a change, in seconds.
fn response(rtt: Option<Duration>) -> f64 {
    (rtt.unwrap_or(RTT_UNKNOWN) + Duration::from_millis(100)).as_secs_f64()
}
