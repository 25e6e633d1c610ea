//! Time while a path is being looked for.
//!
//! webrtc-rs's task sleeps until the next of its timers, and does not wake when a candidate of the peer's is added, nor
//! when what came in has something to send for an answer, as the first flight of DTLS. Each then waits for a timer that has
//! nothing to do with it, 100 to 200 ms (measured). While a connection is made, its sleep is cut into short ones.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Longest sleep then.
const NAP: Duration = Duration::from_millis(2);
/// Longer ones are no timers of ICE or DTLS.
const LONG: Duration = Duration::from_millis(500);

/// Whether there is no connection yet, or none at present. Shared.
#[derive(Debug, Clone)]
pub(in super::super) struct Hurry(Arc<AtomicBool>);

impl Default for Hurry {
    /// There is none.
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Hurry {
    /// From now on, or no longer.
    pub(in super::super) fn set(&self, hurries: bool) {
        self.0.store(hurries, Ordering::Relaxed);
    }

    /// Whether there is none.
    pub(in super::super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What to sleep instead.
    pub(super) fn shorten(&self, sleep: Duration) -> Duration {
        if self.is_on() && sleep <= LONG { sleep.min(NAP) } else { sleep }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_timers_are_shortened_and_only_until_there_is_a_connection() {
        let (hurry, ms) = (Hurry::default(), Duration::from_millis);
        assert_eq!([1, 200, 2_000].map(|sleep| hurry.shorten(ms(sleep))), [1, 2, 2_000].map(ms));
        hurry.clone().set(false);
        assert_eq!(hurry.shorten(ms(200)), ms(200));
    }
}
