//! What this machine's network is at one moment.
use crate::peer::usable_addresses;
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// Bits of an IPv6 address that name the network; the rest changes every day (RFC 8981).
const IPV6_NETWORK_BITS: u32 = 64;
/// Far away by any route: documentation addresses (RFC 5737, RFC 3849). Nothing is sent to them.
const FAR: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 9),
];

/// The addresses that calls can use, and those that the default routes use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usable {
    /// All but loopback and link-local ones.
    pub addresses: BTreeSet<IpAddr>,
    /// At most one of each family: where the machine would send from to somebody far away.
    pub sources: BTreeSet<IpAddr>,
}

/// Two are the same where a person would say that the network is: other temporary IPv6 addresses make no other network.
impl PartialEq for Usable {
    fn eq(&self, other: &Self) -> bool {
        networks(&self.addresses) == networks(&other.addresses)
            && networks(&self.sources) == networks(&other.sources)
    }
}

impl Eq for Usable {}

impl Usable {
    /// Asks the system. Takes well under a millisecond.
    ///
    /// # Errors
    /// Where the system does not say, as where there are no more descriptors.
    pub(crate) fn look() -> io::Result<Self> {
        Ok(Self::of(usable_addresses()?, FAR.into_iter().filter_map(source)))
    }

    /// Where the machine would send from by loopback or by a link alone, there is no way to anybody far away.
    fn of(addresses: Vec<IpAddr>, sources: impl Iterator<Item = IpAddr>) -> Self {
        let addresses = BTreeSet::from_iter(addresses);
        let sources = sources.filter(|ip| addresses.contains(ip)).collect();
        Self { addresses, sources }
    }

    /// Whether this is no network where that was one: no address, or no way to anybody far away. What is left then are the
    /// machine's own bridges to its guests.
    pub(crate) fn is_none_after(&self, before: &Self) -> bool {
        self.addresses.is_empty() || (self.sources.is_empty() && !before.sources.is_empty())
    }

    /// Whether a path from `local`, where that is known, could still work, having worked on the network `before`.
    /// Where it is not, the path is taken to have followed the default route.
    pub(crate) fn keeps(&self, local: Option<IpAddr>, before: &Self) -> bool {
        match local.filter(|local| before.addresses.contains(local)) {
            Some(local) => self.addresses.contains(&local),
            None => before.sources.is_subset(&self.addresses),
        }
    }
}

/// The address that a datagram to `far` would be sent from; connecting a UDP socket only asks the routing table.
fn source(far: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if far.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(far).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn networks(addresses: &BTreeSet<IpAddr>) -> BTreeSet<IpAddr> {
    addresses.iter().map(network).collect()
}

fn network(address: &IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => *address,
        IpAddr::V6(ip) => {
            Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (u128::BITS - IPV6_NETWORK_BITS))).into()
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::network) fn usable(addresses: &[&str], sources: &[&str]) -> Usable {
        let set = |all: &[&str]| all.iter().map(|ip| ip.parse().expect("an address")).collect();
        Usable { addresses: set(addresses), sources: set(sources) }
    }

    #[test]
    fn temporary_ipv6_addresses_make_no_other_network() {
        let one = usable(&["192.0.2.4", "2001:db8:7::a1"], &["192.0.2.4", "2001:db8:7::a1"]);
        let next_day = usable(&["192.0.2.4", "2001:db8:7::b2"], &["192.0.2.4", "2001:db8:7::b2"]);
        let elsewhere = usable(&["192.0.2.4", "2001:db8:8::a1"], &["192.0.2.4", "2001:db8:8::a1"]);
        assert_eq!(one, next_day);
        assert_ne!(one, elsewhere);
    }

    #[test]
    fn another_default_route_is_another_network() {
        let both = ["192.0.2.4", "198.51.100.4"];
        assert_ne!(usable(&both, &["192.0.2.4"]), usable(&both, &["198.51.100.4"]));
    }

    #[test]
    fn a_path_is_lost_with_its_own_address_and_with_no_other() {
        let before = usable(&["192.0.2.4", "198.51.100.4"], &["192.0.2.4"]);
        let after = usable(&["198.51.100.4"], &["198.51.100.4"]);
        let at = |ip: &str| Some(ip.parse().expect("an address"));
        assert!(after.keeps(at("198.51.100.4"), &before));
        assert!(!after.keeps(at("192.0.2.4"), &before));
        // Behind a NAT or a relay: by the default route.
        assert!(!after.keeps(at("203.0.113.9"), &before));
        assert!(!after.keeps(None, &before));
        let more = usable(&["192.0.2.4", "198.51.100.4", "203.0.113.1"], &["203.0.113.1"]);
        assert!(more.keeps(None, &before), "the old address is still there");
    }

    #[test]
    fn bridges_that_lead_nowhere_are_no_network_where_there_was_one() {
        let before = usable(&["172.17.0.1", "192.0.2.4"], &["192.0.2.4"]);
        let bridge = usable(&["172.17.0.1"], &[]);
        assert!(bridge.is_none_after(&before) && usable(&[], &[]).is_none_after(&bridge));
        assert!(!usable(&["198.51.100.4"], &["198.51.100.4"]).is_none_after(&before));
        let island = usable(&["192.0.2.4"], &[]);
        assert!(!usable(&["192.0.2.5"], &[]).is_none_after(&island), "it never had a way out");
    }

    #[test]
    fn a_route_by_an_address_that_is_of_no_use_is_none() {
        let ip = |text: &str| text.parse().expect("an address");
        let found = Usable::of(vec![ip("192.0.2.4")], ["169.254.7.7", "192.0.2.4"].map(ip).into_iter());
        assert_eq!(found, usable(&["192.0.2.4"], &["192.0.2.4"]));
    }

    #[test]
    fn what_this_machine_would_send_from_is_its_own() {
        for source in FAR.into_iter().filter_map(source) {
            UdpSocket::bind((source, 0)).expect("an address of this machine");
        }
        let to_itself = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        assert_eq!(source(to_itself), Some(to_itself.ip()));
    }

    #[test]
    fn nobody_else_reaches_this_machine_by_loopback() {
        assert!(Usable::look().expect("an answer").addresses.iter().all(|ip| !ip.is_loopback()));
    }
}
