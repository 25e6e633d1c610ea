//! One person at a call: signaling, peer connection, supervision.
//!
//! ```text
//!   Command --> actor --> Snapshot
//!                | ^
//!     call::CallMachine (pure)
//!                | |
//!   signaling (REST, WebSockets)   peer (webrtc-rs)   media (capture .. render)
//! ```
pub mod command;
pub mod snapshot;
pub mod viewer;

pub use command::Command;
pub use snapshot::Snapshot;
