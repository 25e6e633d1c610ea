//! `/ws/events`: what the server tells this device, for as long as somebody is signed in.
use super::{Api, SignalingError, backoff::Backoff, nudge::Nudged, socket::Socket};
use crate::task::Task;
use eyeline_protocol::event::{ClientEvent, Event};
use tokio::{sync::mpsc, time::Instant};

/// Messages to the server that may wait. They are acknowledgements and tokens: more than a few means a dead socket.
const OUTBOX: usize = 16;

/// What comes from the socket.
#[derive(Debug)]
pub enum EventsUpdate {
    /// The server speaks. The first event after every (re)connection is `Welcome`.
    Event(Box<Event>),
    /// The socket was lost, or could not be opened; it is tried again.
    Offline,
    /// The session has ended; nothing comes any more.
    SignedOut,
}

/// The socket, kept open by a task of its own until this is dropped.
pub struct Events {
    outbox: mpsc::Sender<ClientEvent>,
    _task: Task,
}

impl Events {
    /// Starts to keep the socket open; `updates` gets what comes.
    pub fn start(api: Api, nudged: Nudged, updates: mpsc::Sender<EventsUpdate>) -> Self {
        let (outbox, queue) = mpsc::channel(OUTBOX);
        Self { outbox, _task: Task::spawn(keep_open(api, nudged, updates, queue)) }
    }

    /// Tells the server something; lost where the socket is not open, since none of it matters then.
    pub fn send(&self, event: ClientEvent) {
        let _ = self.outbox.try_send(event);
    }
}

async fn keep_open(
    api: Api,
    mut nudged: Nudged,
    updates: mpsc::Sender<EventsUpdate>,
    mut queue: mpsc::Receiver<ClientEvent>,
) {
    let mut backoff = Backoff::default();
    loop {
        let mut began = Instant::now();
        match Socket::open(&api, "/ws/events", &nudged).await {
            Ok(socket) => {
                if serve(&api, socket, &updates, &mut queue, &mut backoff).await.is_break() {
                    return;
                }
                began = Instant::now();
            }
            Err(SignalingError::SignedOut) => {
                let _ = updates.send(EventsUpdate::SignedOut).await;
                return;
            }
            Err(error) => tracing::debug!(%error, "events socket"),
        }
        if updates.send(EventsUpdate::Offline).await.is_err() {
            return;
        }
        backoff.pause_since(began, &mut nudged).await;
    }
}

/// Serves one open socket until it is lost. Breaks when nobody listens any more.
async fn serve(
    api: &Api,
    mut socket: Socket,
    updates: &mpsc::Sender<EventsUpdate>,
    queue: &mut mpsc::Receiver<ClientEvent>,
    backoff: &mut Backoff,
) -> std::ops::ControlFlow<()> {
    use std::ops::ControlFlow::{Break, Continue};
    loop {
        tokio::select! {
            said = socket.next() => {
                let Ok(text) = said else { return Continue(()) };
                match Event::decode(&text) {
                    Ok(Event::TokenExpiring { .. }) => {
                        match api.renew(&api.access_token()).await {
                            Ok(access_token) => {
                                if socket.send(ClientEvent::Token { access_token }.encode()).await.is_err() {
                                    return Continue(());
                                }
                            }
                            // The server closes the socket in a minute, and it is opened anew.
                            Err(error) => tracing::debug!(%error, "token renewal"),
                        }
                    }
                    Ok(event) => {
                        backoff.reset();
                        if updates.send(EventsUpdate::Event(Box::new(event))).await.is_err() {
                            return Break(());
                        }
                    }
                    Err(error) => tracing::warn!(%error, "event not understood"),
                }
            }
            Some(message) = queue.recv() => {
                if socket.send(message.encode()).await.is_err() {
                    return Continue(());
                }
            }
        }
    }
}
