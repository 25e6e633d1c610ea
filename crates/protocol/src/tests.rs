//! The contract's own JSON, and properties of the decoders.
mod contract;
mod properties;
mod refusals;
mod stats;
