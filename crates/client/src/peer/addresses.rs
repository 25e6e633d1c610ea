//! Where sockets are bound: every usable address of this machine, asked anew at each ICE restart.
use eyeline_protocol::stats::CandidateType;
use rtc::shared::ifaces::ifaces;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
};

/// Most addresses that are bound: each becomes a candidate, and a machine full of virtual bridges has dozens.
const ADDRESSES_MAX: usize = 12;

/// The machine's own addresses, IPv4 first; loopback only where there is nothing else, so that two programs on one
/// machine without a network still find each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocalAddresses;

impl ToSocketAddrs for LocalAddresses {
    type Iter = std::vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        let chosen: Vec<SocketAddr> = choose(all()?)
            .into_iter()
            .map(|ip| SocketAddr::new(ip, 0))
            // An address may be listed and yet refuse, such as a tentative IPv6 one.
            .filter(|addr| UdpSocket::bind(addr).is_ok())
            .take(ADDRESSES_MAX)
            .collect();
        Ok(chosen.into_iter())
    }
}

fn all() -> io::Result<impl Iterator<Item = IpAddr>> {
    Ok(ifaces()?.into_iter().filter_map(|interface| interface.addr).map(|addr| addr.ip()))
}

/// This machine's addresses that others may be able to reach.
pub(crate) fn usable_addresses() -> io::Result<Vec<IpAddr>> {
    Ok(all()?.filter(|ip| !is_local_only(*ip)).collect())
}

fn choose(all: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut usable: Vec<IpAddr> = all.filter(|ip| !is_local_only(*ip)).collect();
    usable.sort_by_key(|ip| (ip.is_ipv6(), *ip));
    usable.dedup();
    if usable.is_empty() {
        usable = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    usable
}

/// Whether only this machine, or the next ones on its wire, can be reached at it.
pub(super) fn is_local_only(ip: IpAddr) -> bool {
    ip.is_loopback()
        || ip.is_unspecified()
        || match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        }
}

/// Where a candidate of the peer's is, and of what type; `None` for names and TCP, and for what is no candidate.
pub(super) fn of_candidate(line: &str) -> Option<(SocketAddr, CandidateType)> {
    let line = line.strip_prefix("candidate:").unwrap_or(line);
    // foundation component transport priority address port "typ" type (RFC 8839 section 5.1)
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, transport, _, ip, port, "typ", of_type, ..] = words[..] else { return None };
    let of_type = match of_type {
        "host" => CandidateType::Host,
        "srflx" => CandidateType::Srflx,
        "prflx" => CandidateType::Prflx,
        "relay" => CandidateType::Relay,
        _ => return None,
    };
    let address = SocketAddr::new(ip.parse().ok()?, port.parse().ok()?);
    transport.eq_ignore_ascii_case("udp").then_some((address, of_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(all: &[&str]) -> Vec<String> {
        let all = all.iter().map(|ip| ip.parse().expect("an address"));
        choose(all).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn real_addresses_are_preferred_and_ipv4_goes_first() {
        let all = ["127.0.0.1", "fe80::1", "2001:db8::7", "192.0.2.4", "192.0.2.4", "169.254.3.3"];
        assert_eq!(chosen(&all), ["192.0.2.4", "2001:db8::7"]);
    }

    #[test]
    fn a_machine_without_a_network_uses_loopback() {
        assert_eq!(chosen(&["127.0.0.1", "::1"]), ["127.0.0.1", "::1"]);
        assert_eq!(chosen(&[]), ["127.0.0.1", "::1"]);
    }

    #[test]
    fn something_can_be_bound_on_any_machine() {
        assert!(LocalAddresses.to_socket_addrs().expect("interfaces can be listed").next().is_some());
    }

    #[test]
    fn candidates_are_read_as_far_as_they_have_an_address() {
        let line = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host generation 0";
        assert_eq!(of_candidate(line), Some((([192, 0, 2, 1], 5000).into(), CandidateType::Host)));
        let relay = Some(("[2001:db8::1]:9".parse().expect("an address"), CandidateType::Relay));
        assert_eq!(of_candidate("1 1 UDP 1 2001:db8::1 9 typ relay raddr 0.0.0.0 rport 0"), relay);
        for line in
            ["", "candidate:1 1 tcp 1 192.0.2.1 9 typ host", "1 1 udp 1 a.local 9 typ host", "nonsense"]
        {
            assert_eq!(of_candidate(line), None, "{line}");
        }
    }
}
