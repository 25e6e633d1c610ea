//! Two people's machines and their server on an emulated network.
use crate::{cli::Cli, program, server::Server};
use eyeline_netlab::{Builder, Netlab, NetlabError};
use std::{process::Command, time::Duration};

/// Longest wait for a call to connect, on the worst of networks.
const CONNECT_LIMIT: Duration = Duration::from_secs(90);

/// The server's: there is no internet.
const OPTIONS: [&str; 2] = ["--stun", "none"];

/// Callers on `a` and `b`, the server on `s`.
pub struct Lab {
    // Before the network that it runs on.
    server: Server,
    /// The network.
    pub netlab: Netlab,
}

impl Lab {
    /// `None`, said aloud, where the system does not permit it.
    pub fn start(builder: Builder) -> Option<Self> {
        let netlab = match builder.start() {
            Ok(netlab) => netlab,
            Err(error @ NetlabError::NotPermitted { .. }) => {
                println!("NOT RUN: {error}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let address = format!("{}:8000", netlab.address("s").expect("there is an s"));
        Some(Self { server: Server::start_by(server_on(&netlab), &address, &OPTIONS), netlab })
    }

    /// Ends the server at once, as a crash would.
    pub fn kill_server(&mut self) {
        self.server.kill();
    }

    /// Starts the server anew, with the same address and state.
    pub fn restart_server(&mut self) {
        self.server.start_again_by(server_on(&self.netlab), &OPTIONS);
    }

    /// The server's address, from everywhere on this network.
    pub fn server(&self) -> &str {
        self.server.address()
    }

    /// An instrument on a host.
    pub fn cli(&self, host: &str, user: &str, words: &[&str]) -> Cli {
        let program = self.netlab.command(host, program("eyeline-cli")).expect("a host of this network");
        Cli::start_by(program, self.server.address(), user, words)
    }

    /// A call from `a` to `b` that is connected: the caller, and who answered.
    pub fn call(&self, caller: &[&str], callee: &[&str]) -> (Cli, Cli) {
        let mut answering = self.cli("b", "grace", &[&["answer"], callee].concat());
        answering.wait_until_ready();
        let mut calling = self.cli("a", "ada", &[&["call", "grace"], caller].concat());
        for end in [&mut calling, &mut answering] {
            end.wait_for_line(CONNECT_LIMIT, |line| line == "connected");
        }
        (calling, answering)
    }
}

fn server_on(netlab: &Netlab) -> Command {
    netlab.command("s", program("eyeline-server")).expect("there is an s")
}
