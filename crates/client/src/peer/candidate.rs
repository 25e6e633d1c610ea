//! Candidates of the peer's that need not be told at once.
use std::{net::SocketAddr, sync::Arc, time::Duration};
use webrtc::peer_connection::{PeerConnection, RTCIceCandidateInit};

/// By then a path is nominated, or the one that was heard from does not work.
const LATER: Duration = Duration::from_millis(500);

/// Where it is; `None` for names, and for what is no candidate.
pub(super) fn address(line: &str) -> Option<SocketAddr> {
    let line = line.strip_prefix("candidate:").unwrap_or(line);
    // foundation component transport priority address port (RFC 8839 section 5.1)
    let mut words = line.split_ascii_whitespace().skip(2);
    let is_udp = words.next()?.eq_ignore_ascii_case("udp");
    let (ip, port) = (words.nth(1)?.parse().ok()?, words.next()?.parse().ok()?);
    is_udp.then_some(SocketAddr::new(ip, port))
}

/// Adds it after a while, if there is still a connection then.
pub(super) fn add_later(connection: &Arc<dyn PeerConnection>, candidate: RTCIceCandidateInit) {
    let connection = Arc::downgrade(connection);
    tokio::spawn(async move {
        tokio::time::sleep(LATER).await;
        if let Some(connection) = connection.upgrade()
            && let Err(error) = connection.add_ice_candidate(candidate).await
        {
            tracing::debug!(%error, "a candidate is left out");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn candidates_are_read_as_far_as_they_have_an_address() {
        let line = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0";
        assert_eq!(address(line), Some(([192, 0, 2, 1], 5000).into()));
        assert_eq!(address("1 1 UDP 1 2001:db8::1 9 typ srflx"), "[2001:db8::1]:9".parse().ok());
        for line in [
            "",
            "candidate:1 1 tcp 1 192.0.2.1 9 typ host",
            "candidate:1 1 udp 1 a.local 9 typ host",
            "nonsense",
        ] {
            assert_eq!(address(line), None, "{line}");
        }
    }
}
