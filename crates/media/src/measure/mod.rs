//! Meters: latency from the test card's clock, lip-sync from flash and beep, freezes from the times of rendering.
mod freeze;
mod latency;
mod samples;
mod skew;

pub use freeze::{FreezeMeter, Gap, LONG_GAP};
pub use latency::LatencyMeter;
pub use samples::{Percentiles, Samples};
pub use skew::SkewMeter;
