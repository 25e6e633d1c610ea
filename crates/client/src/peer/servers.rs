//! STUN and TURN servers by address instead of name.
//!
//! webrtc-rs looks names up inside the loop that also answers connectivity checks: one dead name server would stop the
//! call for seconds. So names are looked up here, together and ahead of a call. A name that has no address now keeps those
//! of before: a name server that is slow says nothing of the servers. What never had one is left out.
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
    /// Looks up the names, for at most `limit`; what is not found is taken from `before`. Servers over DTLS are left out.
    pub async fn resolve(servers: Vec<IceServer>, before: &Self, limit: Duration) -> Self {
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
        let complete = list.iter().all(|server| !server.addresses.is_empty());
        for server in list.iter_mut().filter(|server| server.addresses.is_empty()) {
            server.addresses = before.addresses_of(&server.uri);
        }
        list.retain(|server| !server.addresses.is_empty());
        // Relay addresses have one priority whatever leads to them: of equal paths, the first is taken.
        list.sort_by(|a, b| (a.uri.transport, &a.uri.host).cmp(&(b.uri.transport, &b.uri.host)));
        Self { list, complete }
    }

    /// Where the server of this name was found, by whatever transport; the port is this URI's own.
    fn addresses_of(&self, uri: &Uri) -> Vec<SocketAddr> {
        let known = self.list.iter().find(|server| server.uri.host == uri.host);
        let addresses = known.into_iter().flat_map(|server| &server.addresses);
        addresses.map(|address| SocketAddr::new(address.ip(), uri.port)).collect()
    }

    /// Whether every name was found; else it is worth another attempt.
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
        tracing::warn!(host = uri.host, "no address found for this STUN or TURN server");
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

    const LIMIT: Duration = Duration::from_secs(10);

    fn server(url: &str) -> IceServer {
        IceServer { urls: vec![url.into()], username: None, credential: None }
    }

    fn urls(servers: &Servers) -> Vec<String> {
        servers.for_webrtc(&StreamServers::default()).into_iter().flat_map(|s| s.urls).collect()
    }

    #[tokio::test]
    async fn an_unknown_name_is_left_out_and_an_address_is_kept_udp_before_streams() {
        let servers = [
            "stun:name.invalid",
            "turns:192.0.2.1",
            "stun:192.0.2.1:7",
            "turn:[::1]?transport=tcp",
            "turn:[::1]",
            "turns:192.0.2.1?transport=udp",
        ];
        let resolved = Servers::resolve(servers.map(server).to_vec(), &Servers::default(), LIMIT).await;
        assert!(!resolved.is_complete());
        assert_eq!(
            urls(&resolved),
            [
                "stun:192.0.2.1:7",
                "turn:[::1]:3478?transport=udp",
                "turn:[100::8]:1?transport=udp",
                "turn:192.0.0.8:2?transport=udp"
            ]
        );
    }

    #[tokio::test]
    async fn a_name_that_is_not_found_keeps_its_addresses_of_before_and_no_other_does() {
        let found = |uri: &str, address: &str| Server {
            uri: Uri::parse(uri).expect("a URI"),
            addresses: vec![address.parse().expect("an address")],
            username: String::new(),
            credential: String::new(),
        };
        let gone = found("stun:gone.invalid", "192.0.2.3:3478");
        let before =
            Servers { list: vec![found("turn:name.invalid", "192.0.2.1:3478"), gone], complete: true };
        let names = ["turn:192.0.2.9", "turn:name.invalid", "stun:name.invalid:7", "turn:other.invalid"];
        let fresh = IceServer { credential: Some("fresh".into()), ..server(names[1]) };
        let list = vec![server(names[0]), fresh, server(names[2]), server(names[3])];
        let resolved = Servers::resolve(list, &before, LIMIT).await;
        assert!(!resolved.is_complete(), "worth another attempt");
        let mut known = urls(&resolved);
        known.sort();
        assert_eq!(
            known,
            ["stun:192.0.2.1:7", "turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.9:3478?transport=udp"]
        );
        let renewed = resolved.list.iter().filter(|server| server.credential == "fresh").count();
        assert_eq!(renewed, 1, "credentials are those of now");
    }
}
