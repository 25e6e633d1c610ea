//! Whether a queue grows on the path: the slope of the delay that packets pick up, over the last groups of packets.
use super::Usage;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Packets sent within this time are one group: one picture leaves as a burst.
const GROUP: Duration = Duration::from_millis(5);
/// How long a floor of the delay holds; an emptied queue shows within this, and a longer route is taken for one no longer.
const FLOOR_SPAN: Duration = Duration::from_secs(5);
/// The mean jitter is taken over this many groups (RFC 3550 section 6.4.1).
const JITTER_SMOOTHING: f64 = 16.0;
/// The smoothed delay of a path that only jitters stays within this many mean changes of its floor (measured in the tests).
const JITTER_ROOM: f64 = 1.5;
/// Longest that a burst may take to arrive.
const BURST_MAX: Duration = Duration::from_millis(100);
/// Groups in the regression.
const WINDOW: usize = 20;
/// Part of the old value in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// Scale of the slope against the threshold, for each group up to 60.
const GAIN: f64 = 4.0;
const GROUPS_MAX: usize = 60;
/// Threshold at the start, and its bounds, in ms.
const THRESHOLD: f64 = 12.5;
const THRESHOLD_BOUNDS: (f64, f64) = (6.0, 600.0);
/// How fast the threshold rises and falls after the slope, for each ms.
const K_UP: f64 = 0.0087;
const K_DOWN: f64 = 0.039;
/// A slope this far over the threshold is an outage and teaches nothing, in ms.
const OUTLIER: f64 = 15.0;
/// How long the slope must stay over the threshold.
const OVERUSE_TIME_MS: f64 = 10.0;

/// The packets of one group, by their last.
#[derive(Debug, Clone, Copy)]
struct Group {
    first_departure: Instant,
    departure: Instant,
    first_arrival: Duration,
    /// Arrival of the last packet, on the peer's clock.
    arrival: Duration,
}

impl Group {
    fn new(departure: Instant, arrival: Duration) -> Self {
        Self { first_departure: departure, departure, first_arrival: arrival, arrival }
    }

    /// Whether the packet was held up with this group and let go together with it, as radio links and jittery paths do:
    /// that says something of their last holder, and nothing of a queue (libwebrtc's `BelongsToBurst`).
    fn bursts_with(&self, departure: Instant, arrival: Duration) -> bool {
        let later = arrival.saturating_sub(self.arrival);
        later <= GROUP
            && later < departure.saturating_duration_since(self.departure)
            && arrival.saturating_sub(self.first_arrival) < BURST_MAX
    }
}

/// The filter (constants of libwebrtc's `TrendlineEstimator`).
#[derive(Debug)]
pub(super) struct Trendline {
    group: Option<Group>,
    previous: Option<Group>,
    accumulated_ms: f64,
    smoothed_ms: f64,
    /// Arrival in ms since the first group, smoothed delay in ms.
    points: VecDeque<(f64, f64)>,
    first_arrival: Option<Duration>,
    groups: usize,
    threshold: f64,
    over_for_ms: f64,
    last_trend: f64,
    usage: Usage,
    /// Mean change of the delay from one group to the next, in ms, either way: what is no news on this path.
    jitter_ms: f64,
    floor: Floor,
}

/// The least smoothed delay of the last seconds, in ms: an empty queue.
#[derive(Debug, Clone, Copy)]
struct Floor {
    current: f64,
    previous: f64,
    since: Duration,
}

impl Floor {
    /// Takes in one delay and gives how far it is above the floor.
    fn above(&mut self, delay_ms: f64, arrival: Duration) -> f64 {
        if arrival.saturating_sub(self.since) > FLOOR_SPAN {
            *self = Self { current: delay_ms, previous: self.current, since: arrival };
        }
        self.current = self.current.min(delay_ms);
        delay_ms - self.current.min(self.previous)
    }
}

impl Default for Trendline {
    fn default() -> Self {
        Self {
            group: None,
            previous: None,
            accumulated_ms: 0.0,
            smoothed_ms: 0.0,
            points: VecDeque::with_capacity(WINDOW + 1),
            first_arrival: None,
            groups: 0,
            threshold: THRESHOLD,
            over_for_ms: 0.0,
            last_trend: 0.0,
            usage: Usage::Normal,
            jitter_ms: 0.0,
            floor: Floor { current: f64::MAX, previous: f64::MAX, since: Duration::ZERO },
        }
    }
}

impl Trendline {
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes in a packet that arrived; says anew how the path is used where a group is complete with it.
    pub fn on_packet(&mut self, departure: Instant, arrival: Duration) -> Option<Usage> {
        let Some(group) = &mut self.group else {
            self.group = Some(Group::new(departure, arrival));
            return None;
        };
        if departure < group.first_departure {
            return None;
        }
        if departure - group.first_departure <= GROUP || group.bursts_with(departure, arrival) {
            group.departure = group.departure.max(departure);
            group.arrival = group.arrival.max(arrival);
            return None;
        }
        let done = std::mem::replace(group, Group::new(departure, arrival));
        let previous = self.previous.replace(done)?;
        let sent_ms = ms(done.departure.saturating_duration_since(previous.departure));
        let arrived_ms = done.arrival.as_secs_f64() * 1e3 - previous.arrival.as_secs_f64() * 1e3;
        self.add(sent_ms, arrived_ms, done.arrival);
        Some(self.usage)
    }

    fn add(&mut self, sent_ms: f64, arrived_ms: f64, arrival: Duration) {
        self.groups = (self.groups + 1).min(GROUPS_MAX);
        self.accumulated_ms += arrived_ms - sent_ms;
        self.jitter_ms += ((arrived_ms - sent_ms).abs() - self.jitter_ms) / JITTER_SMOOTHING;
        self.smoothed_ms = SMOOTHING * self.smoothed_ms + (1.0 - SMOOTHING) * self.accumulated_ms;
        let above = self.floor.above(self.smoothed_ms, arrival);
        let first = *self.first_arrival.get_or_insert(arrival);
        self.points.push_back((ms(arrival.saturating_sub(first)), self.smoothed_ms));
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
        if self.points.len() == WINDOW
            && let Some(slope) = slope(&self.points)
        {
            // On a jittery path the delay always has a slope; a queue also carries it away from its floor.
            let risen = above > self.jitter_ms * JITTER_ROOM;
            self.detect(self.groups as f64 * slope * GAIN, slope, sent_ms, risen);
        }
    }

    fn detect(&mut self, trend: f64, slope: f64, elapsed_ms: f64, risen: bool) {
        if trend > self.threshold && risen {
            self.over_for_ms += elapsed_ms;
            if self.over_for_ms > OVERUSE_TIME_MS && slope >= self.last_trend {
                self.over_for_ms = 0.0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_for_ms = 0.0;
            self.usage = if trend < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.last_trend = slope;
        self.adapt(trend.abs(), elapsed_ms);
    }

    /// The threshold follows the slope, so that another flow's queue does not starve us (draft-ietf-rmcat-gcc-02
    /// section 5.4).
    fn adapt(&mut self, trend: f64, elapsed_ms: f64) {
        if trend > self.threshold + OUTLIER {
            return;
        }
        let k = if trend < self.threshold { K_DOWN } else { K_UP };
        self.threshold += k * (trend - self.threshold) * elapsed_ms.min(100.0);
        self.threshold = self.threshold.clamp(THRESHOLD_BOUNDS.0, THRESHOLD_BOUNDS.1);
    }
}

fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1e3
}

/// Least squares.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let n = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let over: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let under: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    (under > 0.0).then(|| over / under)
}
