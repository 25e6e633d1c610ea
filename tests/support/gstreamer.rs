//! A third implementation: GStreamer's `webrtcbin`, in a script that knows only the written protocol.
use super::{cli::Report, process::Process};
use serde_json::Value;
use std::{path::PathBuf, process::Command, time::Duration};

/// Debian's own: another one in the path does not know its packages.
pub const PYTHON: &str = "/usr/bin/python3";
/// Longest wait for something to be seen: a call that connects slowly, then ten seconds of it.
const GOAL_LIMIT: Duration = Duration::from_secs(60);

/// A running peer.
pub struct Gstreamer(Process);

impl Gstreamer {
    /// Creates an account and calls somebody.
    pub fn calling(server: &str, user: &str, callee: &str) -> Self {
        Self::start_by(Command::new(PYTHON), &["--call", callee, server, user])
    }

    /// Creates an account, and waits until it can be called.
    pub fn answering(server: &str, user: &str) -> Self {
        Self::ready(Self::start_by(Command::new(PYTHON), &[server, user]))
    }

    /// As [`Self::answering`], by a prepared command for [`PYTHON`], such as one that runs on an emulated host. It sends
    /// control packets as often as there is need, which `webrtcbin` by itself does not.
    pub fn answering_eagerly_by(command: Command, server: &str, user: &str) -> Self {
        Self::ready(Self::start_by(command, &["--eager", server, user]))
    }

    fn ready(mut this: Self) -> Self {
        this.0.wait_for_line(GOAL_LIMIT, |line| line == "ready");
        this
    }

    fn start_by(mut command: Command, words: &[&str]) -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("support/gstreamer/peer.py");
        // Nothing is left in the sources.
        command.arg("-B").arg(script).args(words);
        Self(Process::start("the GStreamer peer", &mut command))
    }

    /// Waits until what it has seen so far, which it says each second, is as wanted.
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let seen = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_default();
        seen(&self.0.wait_for_line(GOAL_LIMIT, |line| wanted(&seen(line))))
    }

    /// Has it lose one picture in each direction, where no repair can reach it.
    pub fn lose_pictures(&self) {
        self.0.signal("USR1");
    }

    /// Has it hang up.
    pub fn hang_up(&self) {
        self.0.signal("TERM");
    }

    /// Waits for the end of the call.
    pub fn finish(self, limit: Duration) -> Report {
        Report::of(self.0, limit)
    }
}
