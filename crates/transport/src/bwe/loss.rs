//! The target by loss: a limit where packets are lost because there are too many, none where the path just loses some.
use super::{MAX_BPS, MIN_BPS};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Over how long loss is taken.
const WINDOW: Duration = Duration::from_secs(1);
/// Fewer packets than this say nothing.
const PACKETS_MIN: u32 = 20;
/// Loss beyond the path's own that is no accident any more.
const HIGH: f64 = 0.10;
/// Loss beyond the path's own that is none.
const LOW: f64 = 0.02;
/// Windows that the path's own loss is the least of. A cut that changes nothing shows within them.
const MEMORY: usize = 8;
/// Most that is ever taken for the path's own: beyond it a full link is likelier.
const INHERENT_MAX: f64 = 0.15;
/// Growth for each window without loss.
const INCREASE: f64 = 1.08;

/// Counts one window and judges it.
#[derive(Debug)]
pub(super) struct LossControl {
    window: Option<Instant>,
    lost: u32,
    packets: u32,
    losses: VecDeque<f64>,
    /// In bit/s; `None` where loss limits nothing.
    limit: Option<f64>,
}

impl LossControl {
    pub fn new() -> Self {
        Self { window: None, lost: 0, packets: 0, losses: VecDeque::new(), limit: None }
    }

    pub fn on_packet(&mut self, arrived: bool) {
        self.packets += 1;
        self.lost += u32::from(!arrived);
    }

    /// In bit/s.
    pub fn limit(&self) -> f64 {
        self.limit.unwrap_or(MAX_BPS)
    }

    /// Judges the window where it is over; `target` is what is asked for otherwise.
    pub fn update(&mut self, now: Instant, target: f64) {
        let start = *self.window.get_or_insert(now);
        if now.saturating_duration_since(start) < WINDOW || self.packets < PACKETS_MIN {
            return;
        }
        let loss = f64::from(self.lost) / f64::from(self.packets);
        (self.window, self.lost, self.packets) = (Some(now), 0, 0);
        self.losses.push_back(loss);
        if self.losses.len() > MEMORY {
            self.losses.pop_front();
        }
        let inherent = self.losses.iter().copied().fold(INHERENT_MAX, f64::min);
        let excess = loss - inherent;
        if excess > HIGH {
            let from = self.limit().min(target);
            self.limit = Some((from * (1.0 - 0.5 * loss)).max(MIN_BPS));
        } else if excess < LOW {
            // Gone once it is out of the way.
            self.limit = self.limit.map(|limit| limit * INCREASE).filter(|limit| *limit < MAX_BPS);
        }
    }
}
