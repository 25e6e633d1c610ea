//! A signaling server of the test's own.
use super::{process::Process, program};
use std::{process::Command, time::Duration};
use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server. Its state goes with it.
pub struct Server {
    process: Process,
    address: String,
    state: TempDir,
}

impl Server {
    /// On a free port of this machine, with further options.
    pub fn start(options: &[&str]) -> Self {
        Self::start_by(Command::new(program("eyeline-server")), "127.0.0.1:0", options)
    }

    /// By a prepared command, such as one that runs on an emulated host.
    pub fn start_by(command: Command, listen: &str, options: &[&str]) -> Self {
        let state = tempfile::tempdir().expect("a temporary folder");
        let (process, address) = launch(command, listen, options, &state);
        Self { process, address, state }
    }

    /// Kills it and starts it anew on the same address with the same state.
    pub fn restart(&mut self, options: &[&str]) {
        self.kill();
        self.start_again_by(Command::new(program("eyeline-server")), options);
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it anew after [`Self::kill`], on the same address with the same state.
    pub fn start_again_by(&mut self, command: Command, options: &[&str]) {
        let listen = self.address.trim_start_matches("http://").to_owned();
        (self.process, self.address) = launch(command, &listen, options, &self.state);
    }

    /// Its base address.
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn launch(mut command: Command, listen: &str, options: &[&str], state: &TempDir) -> (Process, String) {
    command.args(["--listen", listen]).args(options).env("EYELINE_DATA_DIR", state.path());
    let mut process = Process::start("eyeline-server", &mut command);
    const SAYS: &str = "eyeline-server: listening on ";
    let line = process.wait_for_line(START_LIMIT, |line| line.starts_with(SAYS));
    (process, line.trim_start_matches(SAYS).to_owned())
}
