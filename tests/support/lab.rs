//! Two people's machines and their server on an emulated network.
use crate::{cli::Cli, program, server::Server, turn::Turn};
use eyeline_netlab::{Builder, Netlab, NetlabError};
use std::{net::Ipv4Addr, process::Command, time::Duration};

/// Longest wait for a call to connect, on the worst of networks.
const CONNECT_LIMIT: Duration = Duration::from_secs(90);

/// The server's: there is no internet.
const OPTIONS: [&str; 2] = ["--stun", "none"];

/// Callers on `a` and `b`, the server on `s`; or all on one.
pub struct Lab {
    // Before the network that it runs on.
    server: Server,
    turn: Option<Turn>,
    /// Hosts of who answers and of the server.
    homes: [&'static str; 2],
    /// The network.
    pub netlab: Netlab,
}

impl Lab {
    /// `None`, said aloud, where the system does not permit it.
    pub fn start(builder: Builder) -> Option<Self> {
        let netlab = Self::network(builder)?;
        Some(Self { server: serve_on_s(&netlab, &OPTIONS), turn: None, homes: ["b", "s"], netlab })
    }

    /// Everybody and the server on `a`, where the server is reached by loopback.
    pub fn on_one_machine() -> Option<Self> {
        let netlab = Self::network(Netlab::builder())?;
        let server = serve(&netlab, "a", Ipv4Addr::LOCALHOST, &OPTIONS);
        Some(Self { server, turn: None, homes: ["a"; 2], netlab })
    }

    /// With a TURN server on `s` that clients learn of by these URIs, in which `HOST` stands for its address.
    pub fn start_with_turn(builder: Builder, uris: &[&str]) -> Option<Self> {
        let netlab = Self::network(builder)?;
        let turn = Turn::start(&netlab);
        let options = turn.options(uris);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Some(Self { server: serve_on_s(&netlab, &options), turn: Some(turn), homes: ["b", "s"], netlab })
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
        self.server.start_again_by(server_on(&self.netlab, self.homes[1]), &OPTIONS);
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
        let mut answering = self.cli(self.homes[0], "grace", &[&["answer"], callee].concat());
        answering.wait_until_ready();
        let mut calling = self.cli("a", "ada", &[&["call", "grace"], caller].concat());
        for end in [&mut calling, &mut answering] {
            end.wait_for_line(CONNECT_LIMIT, |line| line == "connected");
        }
        (calling, answering)
    }
}

fn serve_on_s(netlab: &Netlab, options: &[&str]) -> Server {
    serve(netlab, "s", netlab.address("s").expect("there is an s"), options)
}

fn serve(netlab: &Netlab, host: &str, address: Ipv4Addr, options: &[&str]) -> Server {
    Server::start_by(server_on(netlab, host), &format!("{address}:8000"), options)
}

fn server_on(netlab: &Netlab, host: &str) -> Command {
    netlab.command(host, program("eyeline-server")).expect("a host of this network")
}
