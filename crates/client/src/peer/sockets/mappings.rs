//! What NATs have opened for us, kept open while the peer has not been heard of.
//!
//! An offer is made when a call begins to ring, and tells of addresses that a NAT has given us for one request to a STUN
//! server. It may ring for a minute, and many forget such an address after half a minute of silence (RFC 4787 section 4.3
//! asks for two). Until the peer's description is there an indication, which nobody answers, goes to each server that was
//! asked (RFC 8445 section 5.1.1.4).
use super::stun::{BINDING_REQUEST, is};
use bytes::Bytes;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// How often (RFC 8445 section 11).
const EVERY: Duration = Duration::from_secs(15);
/// Servers of one socket.
const SERVERS_MAX: usize = 8;
/// A binding indication, without its number (RFC 8489 section 5).
const INDICATION: [u8; 8] = [0x00, 0x11, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42];

/// Of one socket.
#[derive(Debug, Default)]
pub(super) struct Mappings {
    servers: Vec<SocketAddr>,
    due: Option<Instant>,
}

impl Mappings {
    /// Looks at what is sent while the peer's description is awaited: no checks, so whoever is asked is a server.
    pub(super) fn on_sent(&mut self, to: SocketAddr, datagram: &[u8], now: Instant) {
        if is(datagram, BINDING_REQUEST) && !self.servers.contains(&to) && self.servers.len() < SERVERS_MAX {
            self.servers.push(to);
            self.due.get_or_insert(now + EVERY);
        }
    }

    /// When [`Mappings::refresh`] is to be called.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be sent now; nothing any more where the description is there.
    pub(super) fn refresh(&mut self, awaits_description: bool, now: Instant) -> Vec<(SocketAddr, Bytes)> {
        if !awaits_description {
            *self = Self::default();
        }
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = Some(now + EVERY);
        let indication = || Bytes::from([&INDICATION[..], &rand::random::<[u8; 12]>()].concat());
        self.servers.iter().map(|server| (*server, indication())).collect()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a start for virtual time")]
mod tests {
    use super::{super::stun::message, *};

    #[test]
    fn servers_that_were_asked_hear_of_us_until_the_description_is_there() {
        let (mut mappings, start) = (Mappings::default(), Instant::now());
        let [one, other]: [SocketAddr; 2] = [5, 6].map(|port| ([192, 0, 2, 1], port).into());
        assert_eq!(mappings.due(), None);
        for server in [one, other, one] {
            mappings.on_sent(server, &message(BINDING_REQUEST, 1), start);
        }
        mappings.on_sent(other, &message([0, 3], 1), start);
        assert_eq!(mappings.due(), Some(start + EVERY));
        assert!(mappings.refresh(true, start + EVERY / 2).is_empty());
        for round in 1..=4 {
            let sent = mappings.refresh(true, start + EVERY * round);
            assert_eq!(sent.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [one, other]);
            assert!(sent.iter().all(|(_, datagram)| datagram.len() == 20 && datagram[..2] == [0x00, 0x11]));
        }
        assert!(mappings.refresh(false, start + EVERY * 5).is_empty());
        assert_eq!(mappings.due(), None);
    }
}
