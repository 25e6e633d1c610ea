//! From where the peer's connectivity checks have come.
//!
//! A check takes the direct path and the candidate that it is from goes by the server, so mostly the check is first. rtc-ice then has the
//! one address twice, as a peer-reflexive candidate and as the one that was told; all that comes is taken for the former's and the latter,
//! which has the higher priority, keeps it from being nominated, for up to 200 ms (measured). So what has been heard from is not told at once.
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 16;
/// And for how long: after an ICE restart, nothing holds that was before.
const LATELY: Duration = Duration::from_secs(1);

/// Newest first. Shared by all sockets of a connection.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Callers(Arc<Mutex<VecDeque<(SocketAddr, Instant)>>>);

impl Callers {
    /// A check has come.
    pub(super) fn note(&self, from: SocketAddr, now: Instant) {
        let mut heard = self.heard();
        heard.retain(|(address, at)| *address != from && now.saturating_duration_since(*at) < LATELY);
        heard.truncate(ADDRESSES_MAX - 1);
        heard.push_front((from, now));
    }

    /// Whether one has come from there of late.
    pub(in super::super) fn has(&self, address: SocketAddr, now: Instant) -> bool {
        self.heard().iter().any(|(from, at)| *from == address && now.saturating_duration_since(*at) < LATELY)
    }

    fn heard(&self) -> MutexGuard<'_, VecDeque<(SocketAddr, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a start for virtual time")]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_for_a_second_after_its_last_check() {
        let (callers, start) = (Callers::default(), Instant::now());
        let [one, other] = [5, 6].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        callers.note(one, start);
        callers.note(one, start + LATELY / 2);
        callers.note(other, start + LATELY);
        assert!(callers.has(one, start + LATELY) && callers.has(other, start + LATELY));
        assert!(!callers.has(one, start + LATELY * 3 / 2));
        for port in 0..1_000 {
            callers.note(([192, 0, 2, 1], port).into(), start + LATELY);
        }
        assert_eq!(callers.heard().len(), ADDRESSES_MAX);
    }
}
