//! What crosses the wire between Eyeline clients and their server.
//!
//! ```text
//!   client --- rest::*  ------------> server      accounts, calls, users, ICE servers (HTTP, JSON)
//!   client <-- event::* ------------- server      /ws/events: incoming calls, updates, presence
//!   client <-- signal::* -- server -- signal::* --> client      /ws/webrtc/{call_id}: relayed
//!   client --- report::* --> server                              the same socket: connection_state with figures, kept
//!   client <-- channel::* ------------------- > client      data channel, never through the server
//! ```
//!
//! The shapes of `signal` and `channel::ChannelMessage::Text` are a public contract that other programs speak: field names
//! and tags never change. Unknown fields are tolerated everywhere; an unknown `type` is the typed error
//! [`DecodeError::UnknownType`], so that a newer peer degrades instead of breaking.
#![forbid(unsafe_code)]

pub mod channel;
pub mod decode;
pub mod event;
pub mod ids;
pub mod report;
pub mod rest;
pub mod signal;
pub mod stats;

pub use decode::DecodeError;
pub use ids::{CallId, DeviceId, UserId};

#[cfg(test)]
mod tests;
