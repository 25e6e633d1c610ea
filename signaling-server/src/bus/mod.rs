//! Who hears what: messages go to topics, and sockets listen to the topics that concern them.
//!
//! ```text
//!   calls, presence -- publish(Topic) --> Bus --> Outbox --> socket task --> client
//! ```
//!
//! On one node the bus is a table in this process (`local`); a bus between nodes implements the same trait.
mod local;

pub use local::Local;

use crate::ws::outbox::{Outbox, Outgoing};
use eyeline_protocol::{CallId, DeviceId, UserId};

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every device of this person.
    User(UserId),
    /// Every socket of this device.
    Device(DeviceId),
    /// Both members' signaling sockets of this call.
    Call(CallId),
    /// Everybody who is signed in and connected.
    Everyone,
}

/// Carries messages to the sockets that listen.
pub trait Bus: Send + Sync {
    /// Gives the message to every listener of the topic. Never blocks: a listener whose outbox is full is closed.
    fn publish(&self, topic: Topic, message: &Outgoing);

    /// Puts what is published on these topics into the outbox, until the subscription is dropped.
    fn subscribe(&self, topics: &[Topic], outbox: &Outbox) -> Subscription;
}

/// Listens until dropped.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription(Option<Box<dyn FnOnce() + Send>>);

impl Subscription {
    /// A subscription that is ended by `unsubscribe`.
    pub fn new(unsubscribe: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(unsubscribe)))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(unsubscribe) = self.0.take() {
            unsubscribe();
        }
    }
}
