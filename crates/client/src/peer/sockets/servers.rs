//! Addresses that stand for TURN servers over TCP and TLS, and which socket may speak to each.
use super::super::turn::{StreamServer, Transport};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Stands for every server with an IPv4 address: RFC 7600's dummy address, which no host has.
const DUMMY_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);
/// The same for IPv6, of the prefix that is discarded everywhere (RFC 6666).
const DUMMY_V6: Ipv6Addr = Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 8);
/// Most servers of one connection, over all the lists that it is given in its life: more are left out.
const SERVERS_MAX: usize = 64;

/// What the sockets of one connection share.
#[derive(Debug, Default)]
pub(in super::super) struct StreamServers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Server number n has port n + 1.
    servers: Vec<StreamServer>,
    /// By a server's port: the one socket that speaks to it.
    speakers: HashMap<u16, SocketAddr>,
    stale: bool,
}

impl StreamServers {
    /// The address that stands for the server, always the same; `None` where there are too many.
    pub(in super::super) fn stand_in(&self, server: &StreamServer) -> Option<SocketAddr> {
        let mut state = self.lock();
        let index = match state.servers.iter().position(|known| known == server) {
            Some(index) => index,
            None if state.servers.len() < SERVERS_MAX => {
                state.servers.push(server.clone());
                state.servers.len() - 1
            }
            None => return None,
        };
        let ip: IpAddr = if server.address.is_ipv4() { DUMMY_V4.into() } else { DUMMY_V6.into() };
        Some(SocketAddr::new(ip, u16::try_from(index + 1).ok()?))
    }

    /// Whether this address stands for a server.
    pub(super) fn is_stand_in(&self, address: SocketAddr) -> bool {
        address.ip() == IpAddr::V4(DUMMY_V4) || address.ip() == IpAddr::V6(DUMMY_V6)
    }

    /// How the server at an address of webrtc-rs's is spoken to.
    pub(in super::super) fn transport_to(&self, address: SocketAddr) -> Transport {
        if !self.is_stand_in(address) {
            return Transport::Udp;
        }
        let index = usize::from(address.port()).checked_sub(1);
        let state = self.lock();
        match index.and_then(|index| state.servers.get(index)) {
            Some(StreamServer { tls: Some(_), .. }) => Transport::Tls,
            Some(_) | None => Transport::Tcp,
        }
    }

    /// The server that `address` stands for, if the socket at `local` may speak to it. The first that asks may: webrtc-rs
    /// wants a relay address for every address of this machine, but a stream takes the same way from each.
    pub(super) fn speak(&self, address: SocketAddr, local: SocketAddr) -> Option<StreamServer> {
        let mut state = self.lock();
        state.stale = true;
        let server = state.servers.get(usize::from(address.port()).checked_sub(1)?)?.clone();
        let speaker = *state.speakers.entry(address.port()).or_insert(local);
        (speaker == local).then_some(server)
    }

    /// webrtc-rs binds all its sockets, uses them, and binds all anew at an ICE restart: the first one after use says
    /// that those before it are gone.
    pub(super) fn on_new_socket(&self) {
        let mut state = self.lock();
        if std::mem::take(&mut state.stale) {
            state.speakers.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn server(text: &str) -> StreamServer {
        StreamServer { address: address(text), tls: None }
    }

    #[test]
    fn a_server_keeps_its_stand_in_and_shares_it_with_no_other() {
        let servers = StreamServers::default();
        let (a, b) = (server("192.0.2.1:3478"), server("[2001:db8::1]:3478"));
        let over_tls = StreamServer { tls: Some("turn.example".into()), ..a.clone() };
        let named = |server| servers.stand_in(server).expect("room");
        let all = [named(&a), named(&b), named(&over_tls)];
        assert_eq!(all, ["192.0.0.8:1", "[100::8]:2", "192.0.0.8:3"].map(address));
        assert_eq!(named(&b), all[1]);
        assert!(all.iter().all(|name| servers.is_stand_in(*name)));
        assert!(!servers.is_stand_in(a.address));
        let transports = [all[0], all[2], a.address].map(|name| servers.transport_to(name));
        assert_eq!(transports, [Transport::Tcp, Transport::Tls, Transport::Udp]);
    }

    #[test]
    fn the_number_of_servers_is_bounded() {
        let servers = StreamServers::default();
        let made = (1..200).filter(|n| servers.stand_in(&server(&format!("192.0.2.1:{n}"))).is_some());
        assert_eq!(made.count(), SERVERS_MAX);
        assert!(servers.stand_in(&server("192.0.2.1:1")).is_some(), "a known one still counts");
    }

    #[test]
    fn one_socket_speaks_to_a_server_until_all_are_bound_anew() {
        let servers = StreamServers::default();
        let name = servers.stand_in(&server("192.0.2.1:3478")).expect("room");
        let (first, second, later) = (address("10.0.0.1:5"), address("10.0.0.2:5"), address("10.0.0.2:6"));
        servers.on_new_socket();
        servers.on_new_socket();
        assert_eq!(servers.speak(name, first), Some(server("192.0.2.1:3478")));
        assert_eq!(servers.speak(name, second), None);
        assert!(servers.speak(name, first).is_some());
        servers.on_new_socket();
        assert!(servers.speak(name, later).is_some());
        assert_eq!(servers.speak(address("192.0.0.8:9"), later), None, "stands for nothing");
        assert_eq!(servers.speak(address("192.0.0.8:0"), later), None);
    }
}
