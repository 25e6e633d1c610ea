//! What webrtc-rs is to hear from a socket beside what comes there.
use bytes::Bytes;
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

/// Messages that wait: a handshake has a few at a time.
const MESSAGES_MAX: usize = 64;

/// A queue that wakes whoever found it empty.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<(SocketAddr, Bytes)>,
    waker: Option<Waker>,
}

impl Heard {
    /// Adds a message, as from there; `false` where too many wait.
    pub(super) fn push(&self, from: SocketAddr, message: Bytes) -> bool {
        let mut waiting = self.waiting();
        if waiting.messages.len() >= MESSAGES_MAX {
            return false;
        }
        waiting.messages.push_back((from, message));
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
        true
    }

    /// The next message; whoever gets none is woken by the next.
    pub(super) fn pop(&self, cx: &Context<'_>) -> Option<(SocketAddr, Bytes)> {
        let mut waiting = self.waiting();
        let next = waiting.messages.pop_front();
        if next.is_none() {
            waiting.waker = Some(cx.waker().clone());
        }
        next
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Wake,
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_found_nothing_is_woken_by_the_next_message() {
        let (heard, woken) = (Heard::default(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let cx = Context::from_waker(&waker);
        let from = SocketAddr::from(([192, 0, 2, 1], 5));
        assert_eq!(heard.pop(&cx), None);
        assert!(heard.push(from, Bytes::from_static(b"one")) && heard.push(from, Bytes::from_static(b"two")));
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(heard.pop(&cx), Some((from, Bytes::from_static(b"one"))));
        for _ in 1..MESSAGES_MAX {
            assert!(heard.push(from, Bytes::new()));
        }
        assert!(!heard.push(from, Bytes::new()), "too many");
    }
}
