//! A TURN server that nobody here wrote: coturn, on the server's host of an emulated network.
use super::{process::Process, until};
use eyeline_netlab::Netlab;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

const START_LIMIT: Duration = Duration::from_secs(30);
const USER: &str = "eyeline";
const PASSWORD: &str = "a password";

/// A running coturn, with a certificate for its address by an authority of its own.
pub struct Turn {
    _process: Process,
    address: Ipv4Addr,
    folder: TempDir,
}

impl Turn {
    /// On host `s`, by UDP and TCP on port 3478, by TLS on port 5349.
    pub fn start(netlab: &Netlab) -> Self {
        let address = netlab.address("s").expect("there is an s");
        let folder = tempfile::tempdir().expect("a temporary folder");
        certify(folder.path(), address);
        let mut command = netlab.command("s", "turnserver").expect("there is an s");
        let file = |name: &str| folder.path().join(name).display().to_string();
        command.args(["-n", "--no-cli", "--lt-cred-mech", "--realm", "eyeline", "--simple-log", "--no-dtls"]);
        command.args(["--user", &format!("{USER}:{PASSWORD}")]);
        command.args(["--listening-ip", &address.to_string(), "--relay-ip", &address.to_string()]);
        command.args(["--cert", &file("turn.pem"), "--pkey", &file("turn.key")]);
        command.args(["--log-file", &file("log"), "--pidfile", &file("pid"), "--userdb", &file("users")]);
        let process = Process::start("turnserver", &mut command);
        until("coturn", START_LIMIT, || listens(netlab));
        Self { _process: process, address, folder }
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

    /// The certificate authority, as a file.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
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

/// Leaves `ca.pem`, `turn.pem` and `turn.key` in the folder.
fn certify(folder: &Path, address: Ipv4Addr) {
    let extensions = format!("subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n");
    fs::write(folder.join("extensions"), extensions).expect("a folder of one's own");
    for words in [
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=turn -keyout turn.key -out turn.csr",
        "x509 -req -in turn.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out turn.pem",
    ] {
        let openssl = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
        let out = openssl.expect("openssl can be run");
        assert!(out.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&out.stderr));
    }
}
