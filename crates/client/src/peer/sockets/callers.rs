//! Which addresses of the peer the agent has answered.
//!
//! A check takes the direct path and the candidate that it is from goes by the server, so mostly the check is first. Told of
//! the candidate then, rtc-ice has the one address twice: all that comes is taken for the first, which is peer-reflexive, and
//! the second, which has the higher priority, keeps it from being nominated for up to 200 ms (measured). What it has answered
//! it has, with all of our own addresses, and need not be told of.
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 16;

/// Newest first. Shared by all sockets of a connection.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Callers(Arc<Mutex<VecDeque<SocketAddr>>>);

impl Callers {
    /// A check from there is answered, and so was genuine.
    pub(super) fn note(&self, from: SocketAddr) {
        let mut answered = self.answered();
        answered.retain(|address| *address != from);
        answered.truncate(ADDRESSES_MAX - 1);
        answered.push_front(from);
    }

    /// Whether one has been answered.
    pub(in super::super) fn has(&self, address: SocketAddr) -> bool {
        self.answered().contains(&address)
    }

    /// ICE begins anew, and knows nobody.
    pub(in super::super) fn clear(&self) {
        self.answered().clear();
    }

    fn answered(&self) -> MutexGuard<'_, VecDeque<SocketAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_answered_is_known_until_ice_begins_anew() {
        let callers = Callers::default();
        let [one, other] = [5, 6].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        callers.note(one);
        assert!(callers.has(one) && !callers.has(other));
        for port in 1_000..2_000 {
            callers.note(([192, 0, 2, 1], port).into());
        }
        assert_eq!(callers.answered().len(), ADDRESSES_MAX);
        callers.clear();
        assert!(!callers.has(([192, 0, 2, 1], 1_999).into()));
    }
}
