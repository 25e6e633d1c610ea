//! `WS /ws/events`: what the server tells one device of a signed-in person.
use crate::{
    CallId, DecodeError, UserId,
    decode::tagged,
    rest::{Call, Presence, User},
};
use serde::{Deserialize, Serialize};

/// Server to client, one text frame each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The first message on a socket: what is going on right now, so that nothing before it was missed.
    Welcome {
        /// The person that the socket belongs to.
        user: User,
        /// Calls of this person that have not ended.
        calls: Vec<Call>,
    },
    /// Somebody calls. `call.ring_ms_left` tells how long it will ring.
    IncomingCall {
        /// The call, in state `pending`.
        call: Call,
    },
    /// A call of this person has changed: accepted, ended, answered on another device.
    CallUpdate {
        /// The call as it now is.
        call: Call,
    },
    /// Somebody has come or gone.
    Presence {
        /// Who.
        user_id: UserId,
        /// As they now are.
        presence: Presence,
    },
    /// The access token of this socket expires soon: send [`ClientEvent::Token`].
    TokenExpiring {
        /// Milliseconds left.
        expires_in_ms: u64,
    },
    /// The client's message was refused.
    Error {
        /// What a program can act on.
        code: String,
        /// What a person can read.
        message: String,
    },
    /// The server goes down in order.
    ServerShutdown {
        /// When to come back, in milliseconds.
        retry_after_ms: u64,
    },
}

/// Client to server, one text frame each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientEvent {
    /// A fresh access token for this socket.
    Token {
        /// The JWT.
        access_token: String,
    },
    /// This device shows the incoming call, so the caller may be told that it rings.
    Ringing {
        /// The call.
        call_id: CallId,
    },
}

impl Event {
    /// The tags of all messages, as they stand in `type`.
    pub const TYPES: [&'static str; 7] =
        ["welcome", "incoming_call", "call_update", "presence", "token_expiring", "error", "server_shutdown"];

    /// Decodes one text frame.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        tagged(text, &Self::TYPES)
    }

    /// Encodes to one text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        #[expect(
            clippy::expect_used,
            reason = "string keys and finite numbers only: serialisation cannot fail"
        )]
        serde_json::to_string(self).expect("an event is always serialisable")
    }
}

impl ClientEvent {
    /// The tags of all messages, as they stand in `type`.
    pub const TYPES: [&'static str; 2] = ["token", "ringing"];

    /// Decodes one text frame.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        tagged(text, &Self::TYPES)
    }

    /// Encodes to one text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        #[expect(clippy::expect_used, reason = "string keys and strings only: serialisation cannot fail")]
        serde_json::to_string(self).expect("a client event is always serialisable")
    }
}
