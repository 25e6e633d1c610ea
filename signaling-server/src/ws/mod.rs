//! The live side: two kinds of WebSocket.
//!
//! ```text
//!   /ws/events           bus --> Outbox --> socket task --> one device of a person
//!   /ws/webrtc/{call_id} socket task --> relay --> Room --> Outbox --> the other member's socket task
//! ```
//!
//! A socket that is refused is refused before the upgrade, with a status and a JSON body like every other error.
pub mod events;
mod lease;
pub mod outbox;
pub mod relay;
mod room;
pub mod rooms;
mod socket;
mod upgrade;

pub use upgrade::Upgrade;
