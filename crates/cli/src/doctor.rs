//! `doctor`: every hop that a call needs, tried one after the other; one line each.
//!
//! `FAILED` names what no call works without, `warning` what only some calls need.
use crate::{devices::backend, options::Options, session::Session};
use anyhow::{Result, bail};
use eyeline_client::{
    ClientConfig,
    peer::probe,
    signaling::{Api, ServerAddress},
    viewer::NoViewer,
};
use eyeline_protocol::rest::{IceServer, Login};
use std::{fmt::Display, sync::Arc, time::Duration};
use tokio::{
    net::{UdpSocket, lookup_host},
    time::timeout,
};

/// Longest wait for one hop.
const HOP_LIMIT: Duration = Duration::from_secs(3);
/// A STUN binding request (RFC 8489 section 5) without attributes; the transaction id follows.
const BINDING_REQUEST: [u8; 8] = [0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42];
/// Type of a STUN binding success response.
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
/// Port of STUN where the address names none (RFC 8489).
const STUN_PORT: u16 = 3478;

/// Tries everything.
///
/// # Errors
/// Where a hop that every call needs has failed.
pub async fn run(options: &Options) -> Result<()> {
    let mut report = Report::default();
    let address = match ServerAddress::parse(&options.server) {
        Ok(address) => address,
        Err(error) => bail!(error),
    };
    if address.is_insecure() {
        println!("note    server        plain HTTP beyond this machine: passwords can be read on the way");
    }
    let (username, password) =
        (options.user.clone().unwrap_or_default(), options.password.clone().unwrap_or_default());
    let login = Login { username, password, device_name: Some("doctor".into()) };
    let api = report.needed("token", Api::sign_in(address, &login).await);
    if let Some(api) = api {
        let config = ClientConfig::new(crate::session::data_dir());
        let online = Session::open(options, config, Arc::new(NoViewer)).await;
        report.needed("websocket", online);
        match api.ice_servers().await {
            Ok(list) if list.ice_servers.is_empty() => {
                println!("note    ice servers   the server names none")
            }
            Ok(list) => {
                for server in &list.ice_servers {
                    for url in &server.urls {
                        report.wanted(url, reach(url, server).await);
                    }
                }
            }
            Err(error) => report.wanted("ice servers", Err(error)),
        }
    }
    let devices = backend();
    report.wanted("cameras", devices.cameras().map(|found| format!("{} found", found.len())));
    report.wanted("microphones", devices.microphones().map(|found| format!("{} found", found.len())));
    report.wanted("speakers", devices.speakers().map(|found| format!("{} found", found.len())));
    if report.failed { bail!("a call from here cannot work") } else { Ok(()) }
}

/// What was found so far.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    /// Without this no call works.
    fn needed<T, E: Display>(&mut self, hop: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => {
                println!("ok      {hop}");
                Some(value)
            }
            Err(error) => {
                println!("FAILED  {hop:<13} {error}");
                self.failed = true;
                None
            }
        }
    }

    /// Without this some calls do not work.
    fn wanted<E: Display>(&mut self, hop: &str, result: Result<String, E>) {
        match result {
            Ok(found) => println!("ok      {hop:<13} {found}"),
            Err(error) => println!("warning {hop:<13} {error}"),
        }
    }
}

/// Tries one STUN or TURN address: a binding of STUN servers, a relay address of TURN servers.
async fn reach(url: &str, server: &IceServer) -> Result<String, String> {
    let (scheme, rest) = url.split_once(':').ok_or("not a STUN or TURN address")?;
    if scheme.starts_with("turn") {
        if server.credential.is_none() {
            return Err("the server names no credentials for it".to_owned());
        }
        let relay = probe(url, server).await.map_err(|error| error.to_string())?;
        return Ok(format!("relays at {relay}"));
    }
    let (host, _) = rest.split_once('?').unwrap_or((rest, ""));
    let target = if host.rsplit(':').next().is_some_and(|p| p.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:{STUN_PORT}")
    };
    timeout(HOP_LIMIT, binding(&target)).await.map_err(|_| "no answer".to_owned())?
}

/// One STUN binding over UDP.
async fn binding(target: &str) -> Result<String, String> {
    let words = |e: std::io::Error| e.to_string();
    let address = lookup_host(target).await.map_err(words)?.next().ok_or("the name has no address")?;
    let here = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(here).await.map_err(words)?;
    socket.connect(address).await.map_err(words)?;
    let mut request = BINDING_REQUEST.to_vec();
    request.extend_from_slice(b"eyelinedoctr");
    socket.send(&request).await.map_err(words)?;
    let mut answer = [0; 576];
    let length = socket.recv(&mut answer).await.map_err(words)?;
    if length >= 20 && answer[..2] == BINDING_SUCCESS {
        Ok("answers over UDP".to_owned())
    } else {
        Err("answers, but not with a STUN binding".to_owned())
    }
}
