//! What was lost and what arrived, by quarter of a second.
use crate::send::Outcome;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Length of an observation, at least, by departure.
const SPAN: Duration = Duration::from_millis(250);
/// Observations that are remembered, and that are needed before anything is judged.
const KEPT: usize = 20;
const NEEDED: usize = 3;
/// Weight of an observation against the one after it.
const FADE: f64 = 0.9;

/// One stretch of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    pub lost: f64,
    pub arrived: f64,
    /// How fast was sent, in bit/s.
    pub sent_bps: f64,
}

impl Observation {
    /// Packets.
    pub fn all(&self) -> f64 {
        self.lost + self.arrived
    }

    /// Part of them that was lost: of none, none.
    pub fn loss(&self) -> f64 {
        self.lost / self.all().max(1.0)
    }
}

#[derive(Debug, Clone, Copy)]
struct Open {
    first: Instant,
    last: Instant,
    lost: u32,
    arrived: u32,
    bytes: usize,
}

/// The last stretches, newest first.
#[derive(Debug, Default)]
pub(super) struct Observations {
    open: Option<Open>,
    kept: VecDeque<Observation>,
    news: bool,
}

impl Observations {
    pub fn add(&mut self, outcome: &Outcome) {
        let at = outcome.sent.at;
        let mut open = self.open.unwrap_or(Open { first: at, last: at, lost: 0, arrived: 0, bytes: 0 });
        open.last = open.last.max(at);
        open.bytes += outcome.sent.size;
        match outcome.arrival {
            Some(_) => open.arrived += 1,
            None => open.lost += 1,
        }
        let span = open.last.saturating_duration_since(open.first);
        self.open = (span < SPAN).then_some(open);
        if self.open.is_none() {
            self.kept.push_front(Observation {
                lost: f64::from(open.lost),
                arrived: f64::from(open.arrived),
                sent_bps: open.bytes as f64 * 8.0 / span.as_secs_f64(),
            });
            self.kept.truncate(KEPT);
            self.news = true;
        }
    }

    /// Whether there is a new observation, and enough of them.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news) && self.kept.len() >= NEEDED
    }

    /// Whether these are the first ones.
    pub fn are_few(&self) -> bool {
        self.kept.len() < KEPT
    }

    /// The last one.
    pub fn newest(&self) -> Option<&Observation> {
        self.kept.front()
    }

    /// With their weights.
    pub fn weighted(&self) -> impl Iterator<Item = (f64, &Observation)> {
        self.kept.iter().enumerate().map(|(age, observation)| (FADE.powi(age as i32), observation))
    }

    /// Part of the packets that was lost, weighted.
    pub fn average_loss(&self) -> Option<f64> {
        let (lost, all) = self
            .weighted()
            .fold((0.0, 0.0), |(lost, all), (weight, o)| (lost + weight * o.lost, all + weight * o.all()));
        (all > 0.0).then(|| lost / all)
    }
}
