//! Which STUN and TURN servers clients are given, and with what credentials.
use crate::{
    clock::UnixMs,
    config::{Turn, TurnCredential},
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use eyeline_protocol::{
    UserId,
    rest::{IceServer, IceServers},
};

/// Life of TURN credentials made from a shared secret. An allocation outlives them, as long as it is refreshed with the
/// password it was made with only within this time; an hour is longer than most calls, and ICE restarts ask anew.
const TTL_S: u64 = 3600;

/// The servers for one person.
#[must_use]
pub fn servers(stun: &[String], turn: Option<&Turn>, user: UserId, now: UnixMs) -> IceServers {
    let mut ice_servers = Vec::new();
    if !stun.is_empty() {
        ice_servers.push(IceServer { urls: stun.to_vec(), username: None, credential: None });
    }
    let mut ttl_s = None;
    if let Some(Turn { urls, credential }) = turn {
        let (username, credential) = match credential {
            TurnCredential::Fixed { username, credential } => (username.clone(), credential.clone()),
            TurnCredential::Secret(secret) => {
                ttl_s = Some(TTL_S);
                short_lived(secret, user, now)
            }
        };
        ice_servers.push(IceServer {
            urls: urls.clone(),
            username: Some(username),
            credential: Some(credential),
        });
    }
    IceServers { ice_servers, ttl_s }
}

/// User name and password by draft-uberti-behave-turn-rest-00 section 2.2, as coturn's `use-auth-secret` checks them.
fn short_lived(secret: &str, user: UserId, now: UnixMs) -> (String, String) {
    let expiry = (now / 1000).saturating_add_unsigned(TTL_S);
    let username = format!("{expiry}:{user}");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let password = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
    (username, password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(credential: TurnCredential) -> Turn {
        Turn { urls: vec!["turn:turn.example.org:3478".into()], credential }
    }

    #[test]
    fn shared_secret_credentials_are_those_that_coturn_computes() {
        let user: UserId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let turn = turn(TurnCredential::Secret("north".into()));
        let servers = servers(&[], Some(&turn), user, 1_700_000_000_000);
        assert_eq!(servers.ttl_s, Some(3600));
        let server = &servers.ice_servers[0];
        assert_eq!(server.username.as_deref(), Some("1700003600:01890a5d-ac96-774b-bcce-b302099a8057"));
        // printf %s "$username" | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(server.credential.as_deref(), Some("c0zIyVB65RQBrBTd3VrVyHojza8="));
    }

    #[test]
    fn fixed_credentials_are_passed_on_and_do_not_expire() {
        let turn = turn(TurnCredential::Fixed { username: "user".into(), credential: "password".into() });
        let servers = servers(&["stun:a".into()], Some(&turn), UserId::new(), 0);
        assert_eq!(servers.ttl_s, None);
        assert_eq!(servers.ice_servers[0].urls, ["stun:a"]);
        assert_eq!(servers.ice_servers[1].username.as_deref(), Some("user"));
    }
}
