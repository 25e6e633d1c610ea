//! What whole-system tests and benchmarks drive the programs with: processes that end with their owner, a browser, a
//! window, an emulated network.
//!
//! Everything here waits for conditions, never for time, and fails by a panic that says what was waited for.
#![expect(clippy::disallowed_methods, reason = "deadlines of real processes are in real time")]
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]
pub mod authority;
pub mod browser;
pub mod cli;
pub mod course;
#[cfg(target_os = "linux")]
pub mod display;
pub mod front;
#[cfg(target_os = "linux")]
pub mod gstreamer;
#[cfg(target_os = "linux")]
pub mod lab;
pub mod process;
pub mod rest;
pub mod server;
pub mod sound;
#[cfg(target_os = "linux")]
pub mod turn;
pub mod webdriver;

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

/// Words for an instrument or a window that sends the test card, at the size that is asked of a camera, and the tone.
pub const CARD: [&str; 4] = ["--camera", "testcard:640x480@30", "--mic", "tone"];

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program that `cargo xtask test` has built.
pub fn program(name: &str) -> PathBuf {
    let built = std::env::var_os("EYELINE_BIN").map(PathBuf::from).unwrap_or_else(|| {
        // By hand: the test itself lies in `target/debug/deps`.
        let test = std::env::current_exe().expect("the test has a path");
        test.ancestors().nth(2).expect("target/debug").to_path_buf()
    });
    let path = built.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.is_file(), "{} is not built: run `cargo xtask test`", path.display());
    path
}

/// Where pictures and logs are left for people.
pub fn artifacts() -> PathBuf {
    let folder = std::env::var_os("EYELINE_ARTIFACTS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../artifacts"), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("artifacts can be written");
    folder
}

/// Looks at a condition of the world until it holds, and fails where it does not within `limit`.
pub fn until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::park_timeout(LOOK_EVERY);
    }
}
