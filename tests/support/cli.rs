//! A measuring instrument at one end of a call.
use super::{course::number, process::Process, program};
use serde_json::Value;
use std::{process::Command, time::Duration};
use tempfile::TempDir;

/// A running `eyeline-cli`.
pub struct Cli {
    process: Process,
    _state: TempDir,
}

/// What it said at its end.
#[derive(Debug)]
pub struct Report {
    /// Exit status.
    pub status: i32,
    /// The summary: the last line of its output.
    pub summary: Value,
    /// All its output.
    pub lines: Vec<String>,
    /// What it wrote to stderr.
    pub errors: String,
}

impl Cli {
    /// Signs in as `user` (creating the account) and runs `words`.
    pub fn start(server: &str, user: &str, words: &[&str]) -> Self {
        Self::start_by(Command::new(program("eyeline-cli")), server, user, words)
    }

    /// By a prepared command, such as one that runs on an emulated host.
    pub fn start_by(mut command: Command, server: &str, user: &str, words: &[&str]) -> Self {
        let state = tempfile::tempdir().expect("a temporary folder");
        command
            .args(["--server", server, "--user", user, "--password", "a password", "--register"])
            .args(words)
            .env("EYELINE_DATA_DIR", state.path());
        Self { process: Process::start(&format!("eyeline-cli of {user}"), &mut command), _state: state }
    }

    /// As [`Self::start`] with `answer`, and waits until it can be called.
    pub fn answering(server: &str, user: &str, words: &[&str]) -> Self {
        let mut this = Self::start(server, user, &[&["answer"], words].concat());
        this.wait_until_ready();
        this
    }

    /// Waits until an answering one can be called.
    pub fn wait_until_ready(&mut self) {
        self.process.wait_for_line(Duration::from_secs(30), |line| line == "ready");
    }

    /// Waits for a line of its output.
    pub fn wait_for_line(&mut self, limit: Duration, wanted: impl Fn(&str) -> bool) -> String {
        self.process.wait_for_line(limit, wanted)
    }

    /// The process itself.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Waits for its end.
    pub fn finish(self, limit: Duration) -> Report {
        Report::of(self.process, limit)
    }
}

impl Report {
    /// Waits for the end of a program whose last line is a summary.
    pub(crate) fn of(process: Process, limit: Duration) -> Self {
        let (status, lines, errors) = process.finish(limit);
        let summary = lines.last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null);
        Self { status: status.code().unwrap_or(-1), summary, lines, errors }
    }

    /// A figure of the summary, such as `latency_ms.p50`.
    pub fn figure(&self, path: &str) -> f64 {
        number(&self.summary, path)
            .unwrap_or_else(|| panic!("{path} is no number in {:#}\n{}", self.summary, self.errors))
    }
}
