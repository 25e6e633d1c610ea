//! STUN and TURN servers by address instead of name.
//!
//! webrtc-rs looks names up inside the loop that also answers connectivity checks: one dead name server would stop the
//! call for seconds. So names are looked up here, together and ahead of a call, and what has no address is left out.
use eyeline_protocol::rest::IceServer;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::lookup_host, task::JoinSet, time::timeout};
use webrtc::peer_connection::RTCIceServer;

/// Servers that a connection can use.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    pub(super) list: Vec<RTCIceServer>,
    complete: bool,
}

impl Servers {
    /// Looks up the names, for at most `limit`. Servers that webrtc-rs cannot speak to (TCP, TLS) are left out.
    pub async fn resolve(servers: Vec<IceServer>, limit: Duration) -> Self {
        let mut lookups = JoinSet::new();
        for server in servers {
            for url in &server.urls {
                match Url::parse(url) {
                    Some(url) => drop(lookups.spawn(look_up(server.clone(), url, limit))),
                    None => tracing::debug!(url, "this kind of STUN or TURN server is not used"),
                }
            }
        }
        let mut list = lookups.join_all().await;
        let all = list.len();
        list.retain(|server| !server.urls.is_empty());
        Self { complete: list.len() == all, list }
    }

    /// Whether every name had an address; else it is worth another attempt.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

async fn look_up(server: IceServer, url: Url, limit: Duration) -> RTCIceServer {
    let found = timeout(limit, lookup_host((url.host.as_str(), url.port))).await;
    let addresses = found.ok().and_then(Result::ok).into_iter().flatten();
    let urls: Vec<String> = one_of_each_family(addresses).map(|a| url.at(a)).collect();
    if urls.is_empty() {
        tracing::warn!(host = url.host, "no address for this STUN or TURN server");
    }
    RTCIceServer {
        urls,
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

/// A `stun:` or `turn:` URI (RFC 7064, RFC 7065) over UDP.
#[derive(Debug, PartialEq)]
struct Url {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl Url {
    /// Port of both, where the URI names none.
    const PORT: u16 = 3478;

    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let scheme = ["stun", "turn"].into_iter().find(|s| s.eq_ignore_ascii_case(scheme))?;
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !query.is_empty() && !query.eq_ignore_ascii_case("transport=udp") {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']')?;
                (host, port.strip_prefix(':'))
            }
            None => match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = port.map_or(Ok(Self::PORT), str::parse).ok()?;
        let usable = !host.is_empty() && port != 0;
        usable.then(|| Self { scheme, host: host.into(), port })
    }

    fn at(&self, address: SocketAddr) -> String {
        let query = if self.scheme == "turn" { "?transport=udp" } else { "" };
        format!("{}:{address}{query}", self.scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_with_and_without_a_port() {
        let read = |url| Url::parse(url).map(|u| (u.scheme, u.host, u.port));
        assert_eq!(read("stun:a.example"), Some(("stun", "a.example".into(), 3478)));
        assert_eq!(read("turn:192.0.2.1:99?transport=udp"), Some(("turn", "192.0.2.1".into(), 99)));
        assert_eq!(read("stun:[2001:db8::1]:5"), Some(("stun", "2001:db8::1".into(), 5)));
        for url in ["turns:a.example", "turn:a.example?transport=tcp", "http://a", "stun:", "stun:a:b", ""] {
            assert_eq!(read(url), None, "{url}");
        }
    }

    #[tokio::test]
    async fn an_unknown_name_is_left_out_and_an_address_is_kept() {
        let server = |url: &str| IceServer { urls: vec![url.into()], username: None, credential: None };
        let servers = vec![server("stun:name.invalid"), server("stun:192.0.2.1:7"), server("turn:[::1]")];
        let resolved = Servers::resolve(servers, Duration::from_secs(10)).await;
        assert!(!resolved.is_complete());
        let mut urls: Vec<String> = resolved.list.into_iter().flat_map(|s| s.urls).collect();
        urls.sort();
        assert_eq!(urls, ["stun:192.0.2.1:7", "turn:[::1]:3478?transport=udp"]);
    }
}
