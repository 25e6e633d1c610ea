//! The bounded queue of messages on their way out of one socket.
use axum::extract::ws::Utf8Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Most messages that wait for one socket. A joining member may find a description or two and 200 candidates
/// ([`eyeline_protocol::signal::CANDIDATES_MAX`]) at once; twice that leaves room for what else comes meanwhile.
pub const OUTBOX_MAX: usize = 512;

/// One message to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text frame. Cloning shares the text.
    Text(Utf8Bytes),
    /// Close the socket.
    Close(Close),
}

/// Why the server closes a socket, as a WebSocket close code (RFC 6455 section 7.4; 4000 and above are ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// 1000: the call has ended.
    CallEnded,
    /// 1002: a frame was malformed or larger than any message may be.
    Protocol,
    /// 1008: too many messages were refused.
    TooManyErrors,
    /// 1012: the server restarts.
    Restart,
    /// 4401: the access token expired without a successor, or the device was signed out.
    SignedOut,
    /// 4408: the client does not read what it is sent.
    SlowReader,
    /// 4409: a newer socket of the same person took this one's place in the call.
    Superseded,
}

impl Close {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::CallEnded => 1000,
            Self::Protocol => 1002,
            Self::TooManyErrors => 1008,
            Self::Restart => 1012,
            Self::SignedOut => 4401,
            Self::SlowReader => 4408,
            Self::Superseded => 4409,
        }
    }

    /// The reason on the wire.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::CallEnded => "the call has ended",
            Self::Protocol => "malformed or oversized frame",
            Self::TooManyErrors => "too many refused messages",
            Self::Restart => "the server restarts",
            Self::SignedOut => "signed out",
            Self::SlowReader => "messages were not read in time",
            Self::Superseded => "a newer connection took over",
        }
    }
}

/// The writing end: shared by everything that has something to say to this socket.
#[derive(Debug, Clone)]
pub struct Outbox {
    id: u64,
    queue: mpsc::Sender<Outgoing>,
    overflow: CancellationToken,
}

/// The reading end, held by the socket's task.
#[derive(Debug)]
pub struct Inbox {
    queue: mpsc::Receiver<Outgoing>,
    overflow: CancellationToken,
}

impl Outbox {
    /// A queue with both its ends.
    #[must_use]
    pub fn new() -> (Self, Inbox) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (sender, receiver) = mpsc::channel(OUTBOX_MAX);
        let overflow = CancellationToken::new();
        (
            Self { id: NEXT.fetch_add(1, Ordering::Relaxed), queue: sender, overflow: overflow.clone() },
            Inbox { queue: receiver, overflow },
        )
    }

    /// Tells this outbox from every other of the process.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Queues a message, or marks the socket for closing where the queue is full.
    pub fn push(&self, message: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(message) {
            self.overflow.cancel();
        }
    }

    /// Queues a text frame.
    pub fn text(&self, text: impl Into<Utf8Bytes>) {
        self.push(Outgoing::Text(text.into()));
    }
}

impl Inbox {
    /// The next message; `None` where every writer is gone. Overtakes the queue with [`Close::SlowReader`] once it
    /// overflowed.
    pub async fn recv(&mut self) -> Option<Outgoing> {
        tokio::select! {
            biased;
            () = self.overflow.cancelled() => Some(Outgoing::Close(Close::SlowReader)),
            message = self.queue.recv() => message,
        }
    }

    /// Resolves once the queue has overflowed; for use while a write is under way.
    pub fn overflowed(&self) -> CancellationToken {
        self.overflow.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_outbox_closes_its_socket() {
        let (outbox, mut inbox) = Outbox::new();
        for _ in 0..=OUTBOX_MAX {
            outbox.text("x");
        }
        assert_eq!(inbox.recv().await, Some(Outgoing::Close(Close::SlowReader)));
        assert!(inbox.overflowed().is_cancelled());
    }

    #[tokio::test]
    async fn messages_leave_in_the_order_in_which_they_came() {
        let (outbox, mut inbox) = Outbox::new();
        outbox.text("1");
        outbox.text("2");
        drop(outbox);
        assert_eq!(inbox.recv().await, Some(Outgoing::Text("1".into())));
        assert_eq!(inbox.recv().await, Some(Outgoing::Text("2".into())));
        assert_eq!(inbox.recv().await, None);
    }
}
