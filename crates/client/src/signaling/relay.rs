//! `/ws/webrtc/{call_id}`: the negotiation of one call, for as long as the call.
use super::{
    Api, SignalingError,
    backoff::Backoff,
    nudge::Nudged,
    rivalry::Rivalry,
    socket::{Closed, Socket},
};
use crate::task::Task;
use eyeline_protocol::{CallId, report::Report, signal::Signal};
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

/// Messages that may wait for the socket: a full negotiation of both descriptions and their candidates.
const OUTBOX: usize = 256;

/// Longest wait between attempts, before jitter. A call that has lost its path waits for this socket, and only as many
/// devices come back so soon as there are in calls.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What comes from the socket.
#[derive(Debug)]
pub enum RelayUpdate {
    /// The socket is open.
    Up,
    /// The peer, or the server, speaks.
    Signal(Signal),
    /// The socket was lost, or could not be opened; it is tried again.
    Down,
    /// The server knows no such call of this device (any more); nothing comes any more.
    Gone,
}

/// The socket, kept open by a task of its own until this is dropped.
pub struct Relay {
    outbox: mpsc::Sender<String>,
    _task: Task,
}

impl Relay {
    /// Starts to keep the socket of `call` open; `updates` gets what comes.
    pub fn start(api: Api, call: CallId, nudged: Nudged, updates: mpsc::Sender<RelayUpdate>) -> Self {
        let (outbox, queue) = mpsc::channel(OUTBOX);
        Self { outbox, _task: Task::spawn(keep_open(api, call, nudged, updates, queue)) }
    }

    /// Sends to the peer, now or as soon as the socket is open again. `false` where too much waits already.
    #[must_use]
    pub fn send(&self, signal: &Signal) -> bool {
        self.outbox.try_send(signal.encode()).is_ok()
    }

    /// Tells the server how the connection fares, likewise.
    #[must_use]
    pub fn report(&self, report: &Report) -> bool {
        self.outbox.try_send(report.encode()).is_ok()
    }
}

async fn keep_open(
    api: Api,
    call: CallId,
    mut nudged: Nudged,
    updates: mpsc::Sender<RelayUpdate>,
    mut queue: mpsc::Receiver<String>,
) {
    let path = format!("/ws/webrtc/{call}");
    let mut backoff = Backoff::up_to(LONGEST_WAIT);
    let mut rivalry = Rivalry::default();
    // Taken from the queue but not known to have been written when the socket broke.
    let mut unsent = None;
    loop {
        let mut began = Instant::now();
        // For how long the socket was ours that another connection of this device has taken over.
        let mut had = None;
        let gone = match Socket::open(&api, &path, &nudged).await {
            Ok(socket) => {
                backoff.reset();
                if updates.send(RelayUpdate::Up).await.is_err() {
                    return;
                }
                let opened = Instant::now();
                let closed = serve(socket, &updates, &mut queue, &mut unsent).await;
                began = Instant::now();
                had = (closed == Closed::Superseded).then(|| began - opened);
                false
            }
            Err(
                SignalingError::Refused { status: 403 | 404 | 409 | 410, .. } | SignalingError::SignedOut,
            ) => true,
            Err(error) => {
                tracing::debug!(%error, "relay socket");
                false
            }
        };
        let update = if gone { RelayUpdate::Gone } else { RelayUpdate::Down };
        if updates.send(update).await.is_err() || gone {
            return;
        }
        match had {
            // No nudge cuts this short: the network is not what is wrong.
            Some(had) => {
                let wait = rivalry.wait(had, &mut rand::rng());
                sleep(wait).await;
            }
            None => backoff.pause_since(began, &mut nudged).await,
        }
    }
}

/// Serves one open socket until it is closed, or nobody listens any more.
async fn serve(
    mut socket: Socket,
    updates: &mpsc::Sender<RelayUpdate>,
    queue: &mut mpsc::Receiver<String>,
    unsent: &mut Option<String>,
) -> Closed {
    if let Some(text) = unsent.take()
        && let Err(closed) = socket.send(text.clone()).await
    {
        *unsent = Some(text);
        return closed;
    }
    loop {
        tokio::select! {
            said = socket.next() => {
                let text = match said {
                    Ok(text) => text,
                    Err(closed) => return closed,
                };
                match Signal::decode(&text) {
                    Ok(signal) => {
                        if updates.send(RelayUpdate::Signal(signal)).await.is_err() {
                            return Closed::Lost;
                        }
                    }
                    Err(error) => tracing::warn!(%error, "signal not understood"),
                }
            }
            Some(text) = queue.recv() => {
                if let Err(closed) = socket.send(text.clone()).await {
                    *unsent = Some(text);
                    return closed;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::{
        backoff::FIRST,
        fake::{DEADLINE, FakeServer},
        nudge::Nudge,
    };
    use tokio::time::timeout;
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;

    /// A relay to a server that waits for it, and what it tells.
    async fn started(nudge: &Nudge) -> (FakeServer, Relay, mpsc::Receiver<RelayUpdate>) {
        let server = FakeServer::start().await;
        let (sender, updates) = mpsc::channel(16);
        let relay = Relay::start(server.api("token").await, CallId::new(), nudge.listen(), sender);
        (server, relay, updates)
    }

    async fn told(updates: &mut mpsc::Receiver<RelayUpdate>) -> Option<RelayUpdate> {
        timeout(DEADLINE, updates.recv()).await.expect("an update in time")
    }

    #[tokio::test]
    async fn a_place_that_was_taken_is_taken_back_ever_more_slowly_whatever_the_nudges() {
        let nudge = Nudge::default();
        let (server, _relay, mut updates) = started(&nudge).await;
        let mut superseded_at = None;
        for wait in [Duration::ZERO, FIRST / 2, FIRST] {
            let request = server.request().await;
            if let Some(at) = superseded_at {
                assert!(at + wait <= Instant::now(), "came back before {wait:?}");
            }
            let mut socket = request.upgrade().await;
            assert!(matches!(told(&mut updates).await, Some(RelayUpdate::Up)));
            nudge.check();
            let frame = CloseFrame { code: 4409.into(), reason: "a newer connection took over".into() };
            superseded_at = Some(Instant::now());
            socket.close(Some(frame)).await.expect("closed");
            assert!(matches!(told(&mut updates).await, Some(RelayUpdate::Down)));
        }
    }

    #[tokio::test]
    async fn a_call_that_the_server_does_not_know_is_not_asked_for_again() {
        let (server, _relay, mut updates) = started(&Nudge::default()).await;
        let _open = server.request().await.begin_answer("410 Gone").await;
        assert!(matches!(told(&mut updates).await, Some(RelayUpdate::Gone)));
        assert!(told(&mut updates).await.is_none());
    }
}
