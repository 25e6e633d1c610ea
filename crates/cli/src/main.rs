//! A call without a window: the measuring instrument.
fn main() {}
