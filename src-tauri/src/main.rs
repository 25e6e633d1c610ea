//! Eyeline, the desktop application.
fn main() {}
