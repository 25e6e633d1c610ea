//! STUN and TURN servers by address instead of name.
//!
//! webrtc-rs looks names up inside the loop that also answers connectivity checks: one dead name server would stop the
//! call for seconds. So names are looked up here, together and ahead of a call, and what has no address is left out.
use super::{sockets::StreamServers, turn::Uri};
use eyeline_protocol::rest::IceServer;
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{net::lookup_host, task::JoinSet, time::timeout};
use webrtc::peer_connection::RTCIceServer;

/// Servers that a connection can use.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    list: Vec<Server>,
    complete: bool,
}

/// One URI, with an address of each family that it has.
#[derive(Debug, Clone)]
struct Server {
    uri: Uri,
    addresses: Vec<SocketAddr>,
    username: String,
    credential: String,
}

impl Servers {
    /// Looks up the names, for at most `limit`. Servers over DTLS are left out.
    pub async fn resolve(servers: Vec<IceServer>, limit: Duration) -> Self {
        let mut lookups = JoinSet::new();
        for server in servers {
            for uri in &server.urls {
                match Uri::parse(uri) {
                    Some(uri) => drop(lookups.spawn(look_up(server.clone(), uri, limit))),
                    None => tracing::debug!(uri, "this kind of STUN or TURN server is not used"),
                }
            }
        }
        let mut list = lookups.join_all().await;
        let all = list.len();
        list.retain(|server| !server.addresses.is_empty());
        // Relay addresses have one priority whatever leads to them: of equal paths, the first is taken.
        list.sort_by(|a, b| (a.uri.transport, &a.uri.host).cmp(&(b.uri.transport, &b.uri.host)));
        Self { complete: list.len() == all, list }
    }

    /// Whether every name had an address; else it is worth another attempt.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Where the TURN servers among them are.
    pub(super) fn relays(&self) -> Vec<IpAddr> {
        let relays = self.list.iter().filter(|server| server.uri.relays);
        relays.flat_map(|server| &server.addresses).map(SocketAddr::ip).collect()
    }

    /// The TURN servers' users and their passwords.
    pub(super) fn passwords(&self) -> HashMap<String, String> {
        let relays = self.list.iter().filter(|server| server.uri.relays);
        relays.map(|server| (server.username.clone(), server.credential.clone())).collect()
    }

    /// As webrtc-rs takes them; servers over a stream under the addresses that stand for them.
    pub(super) fn for_webrtc(&self, streams: &StreamServers) -> Vec<RTCIceServer> {
        self.list.iter().map(|server| server.for_webrtc(streams)).collect()
    }
}

impl Server {
    fn for_webrtc(&self, streams: &StreamServers) -> RTCIceServer {
        let udp_address = |&address: &SocketAddr| match self.uri.over_stream(address) {
            Some(server) => streams.stand_in(&server),
            None => Some(address),
        };
        let urls = self.addresses.iter().filter_map(udp_address).map(|address| self.uri.over_udp(address));
        RTCIceServer {
            urls: urls.collect(),
            username: self.username.clone(),
            credential: self.credential.clone(),
        }
    }
}

async fn look_up(server: IceServer, uri: Uri, limit: Duration) -> Server {
    let found = timeout(limit, lookup_host((uri.host.as_str(), uri.port))).await;
    let found = found.ok().and_then(Result::ok).into_iter().flatten();
    let addresses: Vec<SocketAddr> = one_of_each_family(found).collect();
    if addresses.is_empty() {
        tracing::warn!(host = uri.host, "no address for this STUN or TURN server");
    }
    Server {
        uri,
        addresses,
        username: server.username.unwrap_or_default(),
        credential: server.credential.unwrap_or_default(),
    }
}

fn one_of_each_family(addresses: impl Iterator<Item = SocketAddr>) -> impl Iterator<Item = SocketAddr> {
    let (mut v4, mut v6) = (None, None);
    for address in addresses {
        let slot = if address.is_ipv4() { &mut v4 } else { &mut v6 };
        slot.get_or_insert(address);
    }
    v4.into_iter().chain(v6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unknown_name_is_left_out_and_an_address_is_kept_udp_before_streams() {
        let server = |url: &str| IceServer { urls: vec![url.into()], username: None, credential: None };
        let servers = [
            "stun:name.invalid",
            "turns:192.0.2.1",
            "stun:192.0.2.1:7",
            "turn:[::1]?transport=tcp",
            "turn:[::1]",
            "turns:192.0.2.1?transport=udp",
        ];
        let resolved = Servers::resolve(servers.map(server).to_vec(), Duration::from_secs(10)).await;
        assert!(!resolved.is_complete());
        let given = resolved.for_webrtc(&StreamServers::default());
        let urls: Vec<String> = given.into_iter().flat_map(|s| s.urls).collect();
        assert_eq!(
            urls,
            [
                "stun:192.0.2.1:7",
                "turn:[::1]:3478?transport=udp",
                "turn:[100::8]:1?transport=udp",
                "turn:192.0.0.8:2?transport=udp"
            ]
        );
    }
}
