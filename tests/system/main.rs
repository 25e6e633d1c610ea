//! Whole-system tests: the real programs, real sockets, real pictures.
//!
//! `cargo xtask test` builds the programs and says where they are (`EYELINE_BIN`). Every test starts its own server on a
//! free port with a folder of its own, waits for conditions and never for time, and leaves nothing running.
#![expect(clippy::disallowed_methods, reason = "deadlines of real processes are in real time")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]
mod blocked;
mod browser;
mod devices;
mod endings;
mod enemies;
mod gstreamer;
mod instruments;
mod network;
mod recovery;
mod secure;
mod statistics;
mod window;
