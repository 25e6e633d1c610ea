//! What reaches the actor from outside and from its own tasks.
use crate::{
    command::Command,
    signaling::{Api, SignalingError},
    snapshot::DevicesView,
};
use eyeline_call::{Failure, Request};
use eyeline_protocol::rest::{Call, User};
use tokio::sync::{mpsc, oneshot};

/// Messages that may wait: a person is slow, and tasks of the actor's own are few.
pub(crate) const INBOX: usize = 256;

/// One message.
pub(crate) enum Message {
    /// The person's.
    Command(Command),
    /// The viewer's decoder needs a key frame.
    KeyFrameWanted,
    /// An attempt to sign in has ended.
    SignedIn {
        /// Which; of another than the present one nobody wants to know.
        attempt: u64,
        /// How.
        result: Result<Api, SignalingError>,
    },
    /// The server of the remembered session does not answer, or something else does; it is tried again.
    Waiting {
        /// As above.
        attempt: u64,
        /// What is in the way.
        error: SignalingError,
    },
    /// A search has ended.
    Users {
        /// What was searched for.
        query: String,
        /// Who was found.
        found: Result<Vec<User>, SignalingError>,
    },
    /// A request of the call's has been answered.
    Reply {
        /// The request.
        request: Request,
        /// Its answer.
        result: Box<Result<Call, Failure>>,
    },
    /// The devices have been looked at.
    Devices(DevicesView),
    /// Leave the call, tell the server, and stop.
    Shutdown(oneshot::Sender<()>),
}

/// Where tasks of the actor's send their outcome.
#[derive(Clone)]
pub(crate) struct Post(pub mpsc::WeakSender<Message>);

impl Post {
    /// Delivers; in vain where the actor is gone.
    pub(crate) async fn send(&self, message: Message) {
        if let Some(sender) = self.0.upgrade() {
            let _ = sender.send(message).await;
        }
    }
}
