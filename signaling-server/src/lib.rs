//! The signaling server: accounts, calls, relay, presence. Media never passes through it.
//!
//! ```text
//!            +-- http  --> auth (Sessions) ----------+
//!   client --|      \----> calls (Switchboard) ------+--> storage (SQLite)
//!            +-- ws/webrtc --> rooms (relay)  <--+   |
//!            +-- ws/events <-- bus <-- presence <----+
//! ```
//!
//! Rules are pure (`calls::rules`, `ws::room`, `auth::names`); what keeps and carries is behind the traits
//! `storage::Storage` and `bus::Bus`.
#![forbid(unsafe_code)]

mod app;
mod auth;
mod bus;
mod calls;
mod clock;
pub mod config;
mod error;
mod http;
mod ice;
mod presence;
mod server;
mod storage;
mod sync;
mod ws;

pub use auth::KeyError;
pub use config::Config;
pub use server::{Server, ServerError};
pub use storage::StorageError;
