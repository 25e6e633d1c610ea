//! A TURN server that nobody here wrote: coturn, on the server's host of an emulated network.
use super::{authority::Authority, process::Process, until};
use eyeline_netlab::Netlab;
use std::{net::Ipv4Addr, time::Duration};
use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a nonce holds, in seconds.
const NONCE_S: u32 = 2;
const USER: &str = "eyeline";
const PASSWORD: &str = "a password";

/// A running coturn, with a certificate for its address by an authority of its own.
pub struct Turn {
    _process: Process,
    address: Ipv4Addr,
    authority: Authority,
    _folder: TempDir,
}

impl Turn {
    /// On host `s`, by UDP and TCP on port 3478, by TLS on port 5349.
    pub fn start(netlab: &Netlab) -> Self {
        let address = netlab.address("s").expect("there is an s");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = Authority::certify(address.into());
        let mut command = netlab.command("s", "turnserver").expect("there is an s");
        let file = |name: &str| folder.path().join(name).display().to_string();
        command.args(["-n", "--no-cli", "--lt-cred-mech", "--realm", "eyeline", "--simple-log", "--no-dtls"]);
        // Every call outlives a nonce.
        command.arg(format!("--stale-nonce={NONCE_S}"));
        command.args(["--user", &format!("{USER}:{PASSWORD}")]);
        command.args(["--listening-ip", &address.to_string(), "--relay-ip", &address.to_string()]);
        command.arg("--cert").arg(authority.certificate()).arg("--pkey").arg(authority.key());
        command.args(["--log-file", &file("log"), "--pidfile", &file("pid"), "--userdb", &file("users")]);
        let process = Process::start("turnserver", &mut command);
        until("coturn", START_LIMIT, || listens(netlab));
        Self { _process: process, address, authority, _folder: folder }
    }

    /// Options of the signaling server that name this server's `uris`, in which `HOST` stands for its address.
    pub fn options(&self, uris: &[&str]) -> Vec<String> {
        let mut options: Vec<String> =
            ["--stun", "none", "--turn-username", USER, "--turn-credential", PASSWORD]
                .map(String::from)
                .into();
        for uri in uris {
            options.extend(["--turn".into(), uri.replace("HOST", &self.address.to_string())]);
        }
        options
    }

    /// Who has certified it.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }
}

/// Whether somebody on `s` listens for TLS, which coturn does last. Its log is of no use for that: it is buffered.
fn listens(netlab: &Netlab) -> bool {
    let mut command = netlab.command("s", "cat").expect("there is an s");
    let sockets = command.arg("/proc/net/tcp").output().expect("cat can be run");
    // Local address and port, remote ones, and the state: 0A is LISTEN.
    let listening = |line: &str| line.contains(":14E5 00000000:0000 0A");
    String::from_utf8_lossy(&sockets.stdout).lines().any(listening)
}
