//! One person at a call: signaling, peer connection, supervision.
//!
//! ```text
//!   Command --> actor --> Snapshot
//!                | ^
//!     call::CallMachine (pure)
//!                | |
//!   signaling (REST, WebSockets)   peer (webrtc-rs)   studio (devices, capture .. render) --> Viewer
//! ```
mod actor;
mod chat;
mod client;
pub mod clock;
pub mod command;
pub mod config;
mod network;
pub mod peer;
pub mod private;
pub mod signaling;
pub mod snapshot;
pub mod stats;
pub mod stop;
mod store;
mod studio;
mod task;
mod tls;
pub mod viewer;

pub use client::Client;
pub use command::Command;
pub use config::ClientConfig;
pub use snapshot::Snapshot;
pub use tls::TlsError;
