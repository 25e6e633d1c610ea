//! The handle to the actor.
use crate::{
    actor::{Actor, Ends, INBOX, Message, Post},
    command::Command,
    config::ClientConfig,
    snapshot::Snapshot,
    stats::CallStats,
    viewer::Viewer,
};
use eyeline_media::device::DeviceBackend;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// A running client. Cheap to clone; when the last handle is dropped it hangs up and stops.
#[derive(Clone)]
pub struct Client {
    inbox: mpsc::Sender<Message>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    stats: watch::Receiver<Option<CallStats>>,
}

impl Client {
    /// Starts the actor. Takes up the remembered session, if there is one.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(config: ClientConfig, devices: Arc<dyn DeviceBackend>, viewer: Arc<dyn Viewer>) -> Self {
        let (sender, inbox) = mpsc::channel(INBOX);
        let (snapshots, seen) = watch::channel(Arc::default());
        let (stats, stats_seen) = watch::channel(None);
        let ends = Ends { inbox, post: Post(sender.downgrade()), snapshots, stats };
        tokio::spawn(Actor::new(config, devices, viewer, ends).run());
        Self { inbox: sender, snapshots: seen, stats: stats_seen }
    }

    /// Asks for something; what comes of it is seen in the next snapshot. Dropped, with a log line, where hundreds of
    /// commands wait already.
    pub fn send(&self, command: Command) {
        self.post(Message::Command(command));
    }

    /// The state of the program, and every change of it.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// The figures of the running call, once a second; `None` outside a call.
    #[must_use]
    pub fn stats(&self) -> watch::Receiver<Option<CallStats>> {
        self.stats.clone()
    }

    /// The viewer's own decoder has lost its thread: the other side is asked for a key frame.
    pub fn request_remote_key_frame(&self) {
        self.post(Message::KeyFrameWanted);
    }

    /// Hangs up, tells the server and the other side, and stops; within two seconds.
    pub async fn shutdown(&self) {
        let (done, stopped) = oneshot::channel();
        if self.inbox.send(Message::Shutdown(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }

    fn post(&self, message: Message) {
        if self.inbox.try_send(message).is_err() {
            tracing::warn!("the client does not keep up, or has stopped");
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
