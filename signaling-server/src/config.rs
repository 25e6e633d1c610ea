//! What an administrator decides. Every field has a default that works on one machine with nothing to install.
use directories::ProjectDirs;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Settings of one server.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the database and the keys live; made if missing. The platform's data directory where absent.
    pub data_dir: Option<PathBuf>,
    /// How long a call rings before it is missed.
    pub ring_timeout: Duration,
    /// An accepted call is ended once neither of its two devices has been connected for this long.
    pub abandoned_after: Duration,
    /// Life of an access token.
    pub access_token_ttl: Duration,
    /// How long a device may stay away and still be signed in.
    pub refresh_token_ttl: Duration,
    /// Requests a minute from one address (an IPv6 /64 counts as one) to sign in or up; and so many, counted apart, to
    /// refresh or sign out.
    pub auth_per_minute: u32,
    /// STUN servers for clients, as `stun:` URIs.
    pub stun: Vec<String>,
    /// A TURN server for clients.
    pub turn: Option<Turn>,
}

/// A TURN server that runs elsewhere.
#[derive(Clone)]
pub struct Turn {
    /// `turn:` or `turns:` URIs (RFC 7065).
    pub urls: Vec<String>,
    /// How clients sign in to it.
    pub credential: TurnCredential,
}

/// How clients sign in to a TURN server.
#[derive(Clone)]
pub enum TurnCredential {
    /// A secret shared with the TURN server, from which short-lived passwords are made (TURN REST).
    Secret(String),
    /// One user name and password for everybody.
    Fixed {
        /// User name.
        username: String,
        /// Password.
        credential: String,
    },
}

impl std::fmt::Debug for Turn {
    /// Without the credential: configurations are logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("urls", &self.urls).finish_non_exhaustive()
    }
}

/// The public contract's STUN servers.
pub const DEFAULT_STUN: [&str; 5] = [
    "stun:stun.l.google.com:19302",
    "stun:stun1.l.google.com:19302",
    "stun:stun2.l.google.com:19302",
    "stun:stun3.l.google.com:19302",
    "stun:stun4.l.google.com:19302",
];

/// The public contract's port, on every interface: people on the same network are meant to reach it.
pub const DEFAULT_LISTEN: &str = "0.0.0.0:8000";

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8000)),
            data_dir: None,
            ring_timeout: Duration::from_secs(60),
            abandoned_after: Duration::from_secs(120),
            access_token_ttl: Duration::from_secs(15 * 60),
            refresh_token_ttl: Duration::from_secs(60 * 24 * 3600),
            auth_per_minute: 60,
            stun: DEFAULT_STUN.map(String::from).to_vec(),
            turn: None,
        }
    }
}

impl Config {
    /// The data directory: the configured one, or the platform's own for this program.
    #[must_use]
    pub fn resolved_data_dir(&self) -> Option<PathBuf> {
        self.data_dir.clone().or_else(|| {
            ProjectDirs::from("org", "eyeline", "eyeline-server").map(|dirs| dirs.data_dir().to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_address_is_the_one_that_is_documented() {
        assert_eq!(Config::default().listen, DEFAULT_LISTEN.parse().unwrap());
    }

    #[test]
    fn a_printed_configuration_holds_no_turn_secret() {
        let config = Config {
            turn: Some(Turn {
                urls: vec!["turn:example.org".into()],
                credential: TurnCredential::Secret("hush".into()),
            }),
            ..Config::default()
        };
        assert!(!format!("{config:?}").contains("hush"));
    }
}
