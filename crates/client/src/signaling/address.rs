//! The address of a signaling server, as a person types it.
use std::net::IpAddr;
use thiserror::Error;
use url::{Host, Url};

/// Port of a server where the address names none and is of this machine.
pub const DEFAULT_PORT: u16 = 8000;

/// Base address of a signaling server: `http` or `https`, no path beyond a prefix, no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress(Url);

/// The text is not an address of a server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not the address of a server; it looks like https://calls.example.org")]
pub struct AddressError(String);

impl ServerAddress {
    /// Reads what a person typed. Without a scheme, `http` is taken for this machine and for bare IP addresses (a LAN),
    /// `https` for names.
    ///
    /// # Errors
    /// [`AddressError`] where the text is no `http(s)` address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refused = || AddressError(text.to_owned());
        let trimmed = text.trim();
        if trimmed.ends_with("://") {
            return Err(refused());
        }
        let trimmed = trimmed.trim_end_matches('/');
        let url = if trimmed.contains("://") {
            Url::parse(trimmed)
        } else {
            let guess = Url::parse(&format!("http://{trimmed}")).map_err(|_| refused())?;
            let plain =
                matches!(guess.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) || is_this_machine(&guess);
            let scheme = if plain { "http" } else { "https" };
            let port =
                if plain && guess.port().is_none() { format!(":{DEFAULT_PORT}") } else { String::new() };
            Url::parse(&format!("{scheme}://{trimmed}{port}"))
        };
        let mut url = url.map_err(|_| refused())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !url.username().is_empty() {
            return Err(refused());
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// Whether passwords could be read on the way: plain HTTP beyond this machine.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.0.scheme() == "http" && !is_this_machine(&self.0)
    }

    /// An HTTP address below the base.
    #[must_use]
    pub fn http(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// A WebSocket address below the base.
    #[must_use]
    pub fn websocket(&self, path: &str) -> Url {
        let mut url = self.http(path);
        let scheme = if self.0.scheme() == "https" { "wss" } else { "ws" };
        #[expect(
            clippy::expect_used,
            reason = "http(s) to ws(s) is allowed by the URL standard: both are special"
        )]
        url.set_scheme(scheme).expect("special scheme to special scheme");
        url
    }
}

impl std::fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for (typed, meant, insecure) in [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", false),
            ("localhost", "http://localhost:8000", false),
            (" calls.example.org/ ", "https://calls.example.org", false),
            ("192.168.1.5:9000", "http://192.168.1.5:9000", true),
            ("192.168.1.5", "http://192.168.1.5:8000", true),
            ("[::1]:8000", "http://[::1]:8000", false),
            ("https://example.org/eyeline/", "https://example.org/eyeline", false),
            ("http://calls.example.org", "http://calls.example.org", true),
        ] {
            let address = ServerAddress::parse(typed).unwrap();
            assert_eq!(address.to_string(), meant, "{typed}");
            assert_eq!(address.is_insecure(), insecure, "{typed}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for typed in
            ["", "ftp://example.org", "http://", "a b", "https://user@example.org", "file:///etc/passwd"]
        {
            assert!(ServerAddress::parse(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn paths_go_below_a_prefix_and_sockets_keep_the_security() {
        let address = ServerAddress::parse("https://example.org/eyeline").unwrap();
        assert_eq!(address.http("/calls/active").as_str(), "https://example.org/eyeline/calls/active");
        assert_eq!(address.websocket("/ws/events").as_str(), "wss://example.org/eyeline/ws/events");
        let plain = ServerAddress::parse("127.0.0.1:8000").unwrap();
        assert_eq!(plain.websocket("/ws/events").as_str(), "ws://127.0.0.1:8000/ws/events");
    }
}
