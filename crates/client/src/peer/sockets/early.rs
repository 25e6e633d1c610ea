//! Connectivity checks that come before the peer's description.
//!
//! Who answers checks at once, and the check takes the direct path while the answer goes by the server: so the check is
//! mostly first, by a moment. webrtc-rs drops what it has no password to answer with, and the peer's next one comes 40 ms
//! later and more. Here the check waits for the description.
use super::heard::Heard;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Checks that wait, the newest: one of each pair of addresses there may be.
const WAITING_MAX: usize = 32;

/// Shared by all sockets of a connection, and the connection.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Early(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    awaits_description: bool,
    /// Where each is to be heard, and as from where.
    waiting: VecDeque<(Arc<Heard>, SocketAddr, Bytes)>,
}

impl Early {
    /// Checks to come are those of a description that is yet to come.
    pub(in super::super) fn await_description(&self) {
        let mut state = self.state();
        state.awaits_description = true;
        state.waiting.clear();
    }

    /// The description is there, or is not to be waited for any longer: what has waited is heard.
    pub(in super::super) fn release(&self) {
        let mut state = self.state();
        state.awaits_description = false;
        for (heard, from, check) in state.waiting.drain(..) {
            // Where too much comes, the peer's next one is heard.
            let _ = heard.push(from, check);
        }
    }

    /// Whether the description is awaited.
    pub(super) fn awaits_description(&self) -> bool {
        self.state().awaits_description
    }

    /// Whether a check is to wait, and then it does.
    pub(super) fn takes(&self, heard: &Arc<Heard>, from: SocketAddr, check: &[u8]) -> bool {
        let mut state = self.state();
        if state.awaits_description {
            state.waiting.retain(|(at, address, _)| !(Arc::ptr_eq(at, heard) && *address == from));
            if state.waiting.len() == WAITING_MAX {
                state.waiting.pop_front();
            }
            state.waiting.push_back((Arc::clone(heard), from, Bytes::copy_from_slice(check)));
        }
        state.awaits_description
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Waker};

    fn heard(socket: &Heard) -> Vec<(SocketAddr, Bytes)> {
        std::iter::from_fn(|| socket.pop(&Context::from_waker(Waker::noop()))).collect()
    }

    #[test]
    fn the_newest_check_of_each_address_waits_for_the_description() {
        let (early, sockets) = (Early::default(), [Arc::<Heard>::default(), Arc::default()]);
        let [one, other]: [SocketAddr; 2] = [5, 6].map(|port| ([192, 0, 2, 1], port).into());
        assert!(!early.takes(&sockets[0], one, b"at once"));
        early.await_description();
        for (socket, from, check) in [(0, one, b"1"), (0, other, b"2"), (1, one, b"3"), (0, one, b"4")] {
            assert!(early.takes(&sockets[socket], from, check));
        }
        assert!(heard(&sockets[0]).is_empty());
        early.release();
        assert_eq!(heard(&sockets[0]), [(other, Bytes::from_static(b"2")), (one, Bytes::from_static(b"4"))]);
        assert_eq!(heard(&sockets[1]), [(one, Bytes::from_static(b"3"))]);
        assert!(!early.takes(&sockets[0], one, b"at once"));
    }

    #[test]
    fn a_flood_is_bounded_and_a_new_description_forgets_what_came_for_another() {
        let (early, socket) = (Early::default(), Arc::<Heard>::default());
        early.await_description();
        for port in 0..1_000 {
            assert!(early.takes(&socket, ([192, 0, 2, 1], port).into(), b"check"));
        }
        assert_eq!(early.state().waiting.len(), WAITING_MAX);
        early.await_description();
        early.release();
        assert!(heard(&socket).is_empty());
    }
}
