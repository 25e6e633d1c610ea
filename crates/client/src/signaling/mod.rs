//! The way to the signaling server.
//!
//! ```text
//!   Server (address)
//!     |-- Api      one request, one answer; renews the session's tokens by itself
//!     |-- events   /ws/events: lives as long as somebody is signed in
//!     `-- relay    /ws/webrtc/{call_id}: lives as long as a call
//! ```
//! Both sockets come back by themselves ([`backoff::Backoff`]), at once when the network has changed ([`nudge::Nudge`]);
//! what happened meanwhile is told by the server anew.
pub mod address;
pub mod api;
pub mod backoff;
mod dial;
pub mod error;
#[cfg(test)]
pub(crate) mod fake;
mod rivalry;
mod socket;

pub mod events;
pub mod nudge;
pub mod relay;

pub use address::ServerAddress;
pub use api::Api;
pub use error::SignalingError;
