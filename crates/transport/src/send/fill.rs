//! Filling up the target while the media wait for it to grow: what is not sent cannot be seen to arrive.
use super::Gate;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Payload of one packet of padding, in bytes: small, so that sound does not wait behind it on a thin path.
pub const PADDING: usize = 250;

/// What was sent beyond the target is made up for over this time, and no longer.
const DEBT: Duration = Duration::from_millis(300);

/// Whether the media wait for the target to grow. Shared with them.
#[derive(Debug, Clone, Default)]
pub struct Wish(Arc<AtomicBool>);

impl Wish {
    /// From now on, or no longer.
    pub fn set(&self, wanted: bool) {
        self.0.store(wanted, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// When there is room for padding beside everything that is sent.
#[derive(Debug)]
pub struct Fill {
    wish: Wish,
    gate: Gate,
}

impl Fill {
    /// Fills while `wish` says so.
    #[must_use]
    pub fn new(wish: Wish) -> Self {
        Self { wish, gate: Gate::new(1.0) }
    }

    /// The target is so many bit/s.
    pub fn set_target(&mut self, bps: f64) {
        self.gate.set_rate(bps);
    }

    /// A packet leaves, whatever it is.
    pub fn pass(&mut self, now: Instant, size: usize) {
        self.gate.pass(now, size, false);
        self.gate.forgive(DEBT);
    }

    /// Whether a packet of padding may leave now.
    pub fn is_open(&mut self, now: Instant) -> bool {
        self.wish.get() && self.gate.is_open(now)
    }

    /// When the next may leave.
    #[must_use]
    pub fn opens_at(&self) -> Option<Instant> {
        self.wish.get().then(|| self.gate.opens_at()).flatten()
    }
}
