//! Where sockets are bound: every usable address of this machine, asked anew at each ICE restart.
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
}
