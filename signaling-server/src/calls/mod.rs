//! Calls from the first ring to the end.
//!
//! ```text
//!   http::calls --> Switchboard --> rules (pure) --> storage (compare-and-set)
//!   ring timers, reaper --^   +--> bus: incoming_call, call_update; rooms: ended; presence: in_call
//! ```
mod busy;
mod reaper;
pub mod rules;
mod switchboard;
#[cfg(test)]
mod tests;

pub use busy::BusyDevices;
pub use reaper::reap;
pub use rules::Actor;
pub use switchboard::{Switchboard, no_such_user};
