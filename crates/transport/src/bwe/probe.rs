//! Finding out what the path carries without waiting for growth: short trains of packets at a higher rate.
//!
//! ```text
//! Prober: when to probe, how fast --> Cluster --> pacer sends the train --> outcomes --> Evaluator --> Confirmed --> bit/s
//! ```
mod confirmed;
mod controller;
mod evaluator;
mod jitter;

pub use confirmed::Confirmed;
pub use controller::{Cluster, Prober};
pub use evaluator::{Evaluator, Found};
