//! Who there is, who may talk to whom, and where a packet goes: decided from its IPv4 header alone.
use std::net::Ipv4Addr;

const UDP: u8 = 17;
const HEADER: usize = 20;
/// Host numbers fill the last byte of an address.
const MAX_HOSTS: usize = 250;

/// A host of one [`Topology`], by its place in the list of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub(crate) usize);

/// Why the hosts are not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// Between one host and itself there is no network.
    #[error("a network needs 2 to {MAX_HOSTS} hosts, not {0}")]
    HostCount(usize),
    /// Names become parts of file names.
    #[error("`{0}` cannot be a host's name: 1 to 32 letters and digits, each name once")]
    HostName(String),
    /// A rule or a request names a host that is not there.
    #[error("there is no host `{0}`")]
    UnknownHost(String),
}

#[derive(Debug, Clone)]
struct Host {
    name: String,
    address: Ipv4Addr,
    udp_blocked: bool,
}

/// The hosts, their present addresses, and what is blocked between them.
#[derive(Debug, Clone)]
pub struct Topology {
    hosts: Vec<Host>,
    blocked: Vec<(HostId, HostId)>,
}

impl Topology {
    /// Hosts with the addresses 10.77.0.1, 10.77.0.2 and so on, all connected.
    ///
    /// # Errors
    /// Where the number of hosts or a name is not allowed.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<Self, TopologyError> {
        if !(2..=MAX_HOSTS).contains(&names.len()) {
            return Err(TopologyError::HostCount(names.len()));
        }
        let mut hosts: Vec<Host> = Vec::with_capacity(names.len());
        for (name, number) in names.iter().map(AsRef::as_ref).zip(1..) {
            let allowed = (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
            if !allowed || hosts.iter().any(|host| host.name == name) {
                return Err(TopologyError::HostName(name.to_owned()));
            }
            let address = Ipv4Addr::new(10, 77, 0, number);
            hosts.push(Host { name: name.to_owned(), address, udp_blocked: false });
        }
        Ok(Self { hosts, blocked: Vec::new() })
    }

    /// The host of that name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn host(&self, name: &str) -> Result<HostId, TopologyError> {
        let index = self.hosts.iter().position(|host| host.name == name);
        index.map(HostId).ok_or_else(|| TopologyError::UnknownHost(name.to_owned()))
    }

    /// Every host, in the given order.
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = HostId> + use<> {
        (0..self.hosts.len()).map(HostId)
    }

    /// The host's name.
    #[must_use]
    pub fn name(&self, host: HostId) -> &str {
        &self.hosts[host.0].name
    }

    /// The host's present address.
    #[must_use]
    pub fn address(&self, host: HostId) -> Ipv4Addr {
        self.hosts[host.0].address
    }

    /// Drops from now on what goes directly between the two, in both directions.
    pub fn block(&mut self, x: HostId, y: HostId) {
        self.blocked.push((x, y));
    }

    /// Drops from now on all UDP from and to the host.
    pub fn block_udp(&mut self, host: HostId) {
        self.hosts[host.0].udp_blocked = true;
    }

    /// Moves the host to the next subnet (10.77.1.1, then 10.77.2.1, ...), as a laptop that changes
    /// from cable to wireless, and returns its new address. The old one is nobody's from now on.
    pub fn change_address(&mut self, host: HostId) -> Ipv4Addr {
        let [a, b, subnet, number] = self.hosts[host.0].address.octets();
        self.hosts[host.0].address = Ipv4Addr::new(a, b, subnet.wrapping_add(1), number);
        self.hosts[host.0].address
    }

    /// Where a packet that leaves host `from` goes; `None` where it is dropped: not IPv4, not from the
    /// host's present address, not to anybody's, or blocked.
    #[must_use]
    pub fn route(&self, from: HostId, packet: &[u8]) -> Option<HostId> {
        let header: &[u8; HEADER] = packet.first_chunk()?;
        if header[0] >> 4 != 4 || header[12..16] != self.address(from).octets() {
            return None;
        }
        let to = HostId(self.hosts.iter().position(|host| header[16..20] == host.address.octets())?);
        let udp_blocked = self.hosts[from.0].udp_blocked || self.hosts[to.0].udp_blocked;
        let pair_blocked = self.blocked.iter().any(|&(x, y)| (x, y) == (from, to) || (y, x) == (from, to));
        let passes = to != from && !pair_blocked && !(udp_blocked && header[9] == UDP);
        passes.then_some(to)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    const TCP: u8 = 6;

    /// The shortest IPv4 packet with these fields.
    pub(crate) fn packet(from: Ipv4Addr, to: Ipv4Addr, protocol: u8) -> [u8; HEADER] {
        let mut packet = [0; HEADER];
        packet[0] = 0x45;
        packet[9] = protocol;
        packet[12..16].copy_from_slice(&from.octets());
        packet[16..20].copy_from_slice(&to.octets());
        packet
    }

    fn abs() -> (Topology, [HostId; 3]) {
        let topology = Topology::new(&["a", "b", "s"]).unwrap();
        (topology, [HostId(0), HostId(1), HostId(2)])
    }

    fn passes(topology: &Topology, from: HostId, to: HostId, protocol: u8) -> bool {
        let packet = packet(topology.address(from), topology.address(to), protocol);
        topology.route(from, &packet) == Some(to)
    }

    #[test]
    fn packets_reach_the_host_they_are_addressed_to() {
        let (topology, [a, b, s]) = abs();
        assert_eq!(topology.address(s), Ipv4Addr::new(10, 77, 0, 3));
        assert!(passes(&topology, a, b, UDP) && passes(&topology, b, s, TCP));
        assert!(!passes(&topology, a, a, UDP));
    }

    #[test]
    fn blocked_pair_still_reaches_a_third() {
        let (mut topology, [a, b, s]) = abs();
        topology.block(a, b);
        assert!(!passes(&topology, a, b, TCP) && !passes(&topology, b, a, UDP));
        assert!(passes(&topology, a, s, UDP) && passes(&topology, s, b, UDP));
    }

    #[test]
    fn udp_blocked_host_keeps_tcp() {
        let (mut topology, [a, b, s]) = abs();
        topology.block_udp(a);
        assert!(!passes(&topology, a, b, UDP) && !passes(&topology, s, a, UDP));
        assert!(passes(&topology, a, b, TCP) && passes(&topology, s, a, TCP));
        assert!(passes(&topology, b, s, UDP));
    }

    #[test]
    fn old_address_is_nobodys_after_a_change() {
        let (mut topology, [a, b, _]) = abs();
        let old = topology.address(a);
        let new = topology.change_address(a);
        assert_eq!(new, Ipv4Addr::new(10, 77, 1, 1));
        assert!(passes(&topology, a, b, UDP) && passes(&topology, b, a, UDP));
        assert_eq!(topology.route(a, &packet(old, topology.address(b), UDP)), None);
        assert_eq!(topology.route(b, &packet(topology.address(b), old, UDP)), None);
    }

    #[test]
    fn impossible_hosts_are_refused() {
        let error = |names: &[&str]| Topology::new(names).unwrap_err();
        assert_eq!(error(&["a"]), TopologyError::HostCount(1));
        assert_eq!(error(&["a", "a"]), TopologyError::HostName("a".into()));
        assert_eq!(error(&["a", "../b"]), TopologyError::HostName("../b".into()));
        let (topology, _) = abs();
        assert_eq!(topology.host("z"), Err(TopologyError::UnknownHost("z".into())));
    }

    proptest! {
        #[test]
        fn any_bytes_are_routed_or_dropped(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let (topology, [a, ..]) = abs();
            if let Some(to) = topology.route(a, &bytes) {
                prop_assert_ne!(to, a);
                prop_assert_eq!(&bytes[16..20], topology.address(to).octets());
            }
        }
    }
}
