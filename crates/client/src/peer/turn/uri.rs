//! STUN and TURN URIs (RFC 7064, RFC 7065).
use super::StreamServer;
use std::net::SocketAddr;

/// How a server is spoken to, what is preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl Transport {
    /// The standard's name (`RTCIceServerTransportProtocol`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

/// A `stun:`, `turn:` or `turns:` URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// Whether it is a TURN server, not only a STUN server.
    pub relays: bool,
    /// Name or address, this one without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Transport.
    pub transport: Transport,
}

impl Uri {
    /// Port where the URI names none.
    const PORT: u16 = 3478;
    /// The same over TLS.
    const TLS_PORT: u16 = 5349;

    /// `None` for what is no such URI, and for what is not used: STUN over a stream, and TURN over DTLS.
    #[must_use]
    pub fn parse(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.split_once(':')?;
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        let over = |wanted: &str| query.eq_ignore_ascii_case(wanted);
        let (udp, tcp) = (over("transport=udp"), over("transport=tcp"));
        let (relays, transport) = match query.is_empty() {
            default if is("stun") && (default || udp) => (false, Transport::Udp),
            default if is("turn") && (default || udp) => (true, Transport::Udp),
            _ if is("turn") && tcp => (true, Transport::Tcp),
            default if is("turns") && (default || tcp) => (true, Transport::Tls),
            _ => return None,
        };
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
        let default = if transport == Transport::Tls { Self::TLS_PORT } else { Self::PORT };
        let port = port.map_or(Ok(default), str::parse).ok()?;
        let usable = !host.is_empty() && port != 0;
        usable.then(|| Self { relays, host: host.into(), port, transport })
    }

    /// The address in what [`Uri::over_udp`] has made.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host.parse().ok()?, self.port))
    }

    /// The server at this address, as it is spoken to over a stream; `None` where it is not.
    #[must_use]
    pub fn over_stream(&self, address: SocketAddr) -> Option<StreamServer> {
        let tls = match self.transport {
            Transport::Udp => return None,
            Transport::Tcp => None,
            Transport::Tls => Some(self.host.clone()),
        };
        Some(StreamServer { address, tls })
    }

    /// The same server at this address, as if it spoke UDP.
    #[must_use]
    pub fn over_udp(&self, address: SocketAddr) -> String {
        if self.relays { format!("turn:{address}?transport=udp") } else { format!("stun:{address}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_with_and_without_a_port() {
        let read = |uri| Uri::parse(uri).map(|u| (u.relays, u.host, u.port, u.transport));
        let is = |relays, host: &str, port, transport| Some((relays, host.to_owned(), port, transport));
        assert_eq!(read("stun:a.example"), is(false, "a.example", 3478, Transport::Udp));
        assert_eq!(read("turn:192.0.2.1:99?transport=udp"), is(true, "192.0.2.1", 99, Transport::Udp));
        assert_eq!(read("stun:[2001:db8::1]:5"), is(false, "2001:db8::1", 5, Transport::Udp));
        assert_eq!(read("TURN:a.example?transport=TCP"), is(true, "a.example", 3478, Transport::Tcp));
        assert_eq!(read("turns:a.example"), is(true, "a.example", 5349, Transport::Tls));
        assert_eq!(read("turns:[::1]:443?transport=tcp"), is(true, "::1", 443, Transport::Tls));
    }

    #[test]
    fn what_is_no_such_uri_or_not_used_is_not_read() {
        let not_used = ["turns:a?transport=udp", "stun:a?transport=tcp", "stuns:a", "turn:a?transport=sctp"];
        for uri in not_used.iter().chain(&["http://a", "stun:", "stun:a:b", "stun:a:0", "stun:[::1", ""]) {
            assert_eq!(Uri::parse(uri), None, "{uri}");
        }
    }
}
