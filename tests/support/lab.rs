//! Two people's machines and their server on an emulated network.
use crate::{cli::Cli, program, server::Server, turn::Turn};
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
    turn: Option<Turn>,
    /// The network.
    pub netlab: Netlab,
}

impl Lab {
    /// `None`, said aloud, where the system does not permit it.
    pub fn start(builder: Builder) -> Option<Self> {
        let netlab = Self::network(builder)?;
        Some(Self { server: serve(&netlab, &OPTIONS), turn: None, netlab })
    }

    /// With a TURN server on `s` that clients learn of by these URIs, in which `HOST` stands for its address.
    pub fn start_with_turn(builder: Builder, uris: &[&str]) -> Option<Self> {
        let netlab = Self::network(builder)?;
        let turn = Turn::start(&netlab);
        let options = turn.options(uris);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Some(Self { server: serve(&netlab, &options), turn: Some(turn), netlab })
    }

    fn network(builder: Builder) -> Option<Netlab> {
        match builder.start() {
            Ok(netlab) => Some(netlab),
            Err(error @ NetlabError::NotPermitted { .. }) => {
                println!("NOT RUN: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
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
        let mut program = self.netlab.command(host, program("eyeline-cli")).expect("a host of this network");
        if let Some(turn) = &self.turn {
            program.env("SSL_CERT_FILE", turn.authority().root());
        }
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

fn serve(netlab: &Netlab, options: &[&str]) -> Server {
    let address = format!("{}:8000", netlab.address("s").expect("there is an s"));
    Server::start_by(server_on(netlab), &address, options)
}

fn server_on(netlab: &Netlab) -> Command {
    netlab.command("s", program("eyeline-server")).expect("there is an s")
}
