//! From the description of a network to a running one.
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    Host, Netlab,
    error::NetlabError,
    namespace::{self, Namespace},
    pump::Pump,
    tun::Tun,
};
use crate::{Link, Profile, Schedule, Topology, TopologyError, Wire, WireConfig};

/// Describes a network. Hosts `a`, `b` and `s`, a perfect path between `a` and `b`, and 10 ms each way between
/// all others, unless said otherwise.
#[derive(Debug, Clone)]
#[must_use = "a network runs once it is started"]
pub struct Builder {
    name: Option<String>,
    hosts: Vec<String>,
    schedule: Schedule,
    one_way: bool,
    server_delay: Duration,
    blocked: Vec<(String, String)>,
    udp_blocked: Vec<String>,
    moves: Vec<(String, Duration)>,
    seed: u64,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            name: None,
            hosts: ["a", "b", "s"].map(String::from).into(),
            schedule: Profile::Perfect.into(),
            one_way: false,
            server_delay: Duration::from_millis(10),
            blocked: Vec::new(),
            udp_blocked: Vec::new(),
            moves: Vec::new(),
            seed: 1,
        }
    }
}

impl Builder {
    /// The hosts, with the addresses 10.77.0.1, 10.77.0.2 and so on.
    pub fn hosts<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// A name of the caller's choice for the network, the first part of its namespaces' names. They are
    /// then not cleaned up after a kill: they may be somebody else's.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A profile between `a` and `b`.
    pub fn profile(self, profile: Profile) -> Self {
        self.schedule(profile.into())
    }

    /// A link between `a` and `b`, the same both ways.
    pub fn link(self, link: Link) -> Self {
        self.schedule(link.into())
    }

    /// Links between `a` and `b` that change with time; its clock starts with the network.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Impairs only what `a` sends to `b`; the way back has the delay alone.
    pub fn one_way(mut self, one_way: bool) -> Self {
        self.one_way = one_way;
        self
    }

    /// The delay each way of every path but that between `a` and `b`.
    pub fn server_delay(mut self, delay: Duration) -> Self {
        self.server_delay = delay;
        self
    }

    /// Drops what goes directly between two hosts: only a relay helps.
    pub fn block(mut self, x: impl Into<String>, y: impl Into<String>) -> Self {
        self.blocked.push((x.into(), y.into()));
        self
    }

    /// Drops all UDP of a host: only TCP is left.
    pub fn udp_block(mut self, host: impl Into<String>) -> Self {
        self.udp_blocked.push(host.into());
        self
    }

    /// Moves a host to a new address at a time on the schedule's clock.
    pub fn change_address_at(mut self, host: impl Into<String>, at: Duration) -> Self {
        self.moves.push((host.into(), at));
        self
    }

    /// Same seed, same chance: 1 unless said otherwise.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Brings the network up.
    ///
    /// # Errors
    /// [`NetlabError::NotPermitted`] without root or in a container without network namespaces;
    /// [`NetlabError::Topology`] where the description does not fit together.
    pub fn start(self) -> Result<Netlab, NetlabError> {
        let wire = Wire::new(self.wire_config()?);
        namespace::remove_stale();
        let name = self.name.unwrap_or_else(namespace::unique_name);
        let mut hosts = Vec::with_capacity(self.hosts.len());
        for host in wire.topology().hosts() {
            let namespace = Namespace::create(&format!("{name}-{}", wire.topology().name(host)))?;
            let tun = Arc::new(Tun::open(&namespace, wire.topology().address(host))?);
            hosts.push(Host { namespace, tun });
        }
        let wire = Arc::new(Mutex::new(wire));
        let pump = Pump::start(wire.clone(), hosts.iter().map(|host| host.tun.clone()).collect())?;
        Ok(Netlab { name, hosts, pump, wire })
    }

    fn wire_config(&self) -> Result<WireConfig, TopologyError> {
        let mut topology = Topology::new(&self.hosts)?;
        for (x, y) in &self.blocked {
            topology.block(topology.host(x)?, topology.host(y)?);
        }
        for host in &self.udp_blocked {
            topology.block_udp(topology.host(host)?);
        }
        let moves = self.moves.iter().map(|(host, at)| Ok((*at, topology.host(host)?)));
        Ok(WireConfig {
            moves: moves.collect::<Result<_, TopologyError>>()?,
            schedule: self.schedule.clone(),
            one_way: self.one_way,
            server_link: Link::delayed(self.server_delay.as_secs_f64() * 1000.0),
            seed: self.seed,
            topology,
        })
    }
}
