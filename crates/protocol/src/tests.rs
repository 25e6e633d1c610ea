//! The contract's own JSON, and properties of the decoders.
