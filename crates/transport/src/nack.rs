//! Loss found on arrival and asked for again (RFC 4585 section 6.2.1), within bounds.
//!
//! ```text
//! arrivals --> NackTracker (pure) --> NACK, or a PLI where asking is hopeless
//! ```
mod stage;
mod tracker;

pub use stage::NackStage;
pub use tracker::{Arrival, NackTracker, Requests};
