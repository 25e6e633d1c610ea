//! The wire between the hosts: packets go in, and come out where and when the links let them. Pure: the
//! caller brings packets and time.
//!
//! ```text
//! handle(from, packet, now) -> topology -> link model -> flight -> poll_output(now) -> Deliver
//!                                  agenda (schedule, moves) -----> poll_output(now) -> ChangeAddress
//! ```
use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use crate::{
    Fate, HostId, Link, LinkModel, LinkStats, Schedule, Topology, TopologyError, Waits, flight::Flight,
    rng::Rng,
};

/// What the wire asks of its shell.
#[derive(Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// The packet has arrived at a host.
    Deliver {
        /// Where it arrived.
        to: HostId,
        /// As it was sent.
        packet: &'a [u8],
    },
    /// A host has moved: its interface must take the new address instead of the old one.
    ChangeAddress {
        /// Who moves.
        host: HostId,
        /// Its address from now on.
        address: Ipv4Addr,
    },
}

/// What a [`Wire`] is made of.
#[derive(Debug, Clone)]
pub struct WireConfig {
    /// Hosts and blocks.
    pub topology: Topology,
    /// The path between the hosts named `a` and `b`. Between all others lies `server_link`.
    pub schedule: Schedule,
    /// Impair only what `a` sends to `b`; the way back has the delay alone.
    pub one_way: bool,
    /// The path of every other pair, each way.
    pub server_link: Link,
    /// When hosts move to a new address, on the schedule's clock.
    pub moves: Vec<(Duration, HostId)>,
    /// Same seed, same packets, same times: same fates.
    pub seed: u64,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Link(Link),
    Move(HostId),
}

/// The state of the network. All times are on one clock that starts with it.
#[derive(Debug)]
pub struct Wire {
    topology: Topology,
    /// One model for each direction: `from * hosts + to`.
    models: Vec<LinkModel>,
    one_way: bool,
    flight: Flight,
    /// What happens when, by time since `epoch`.
    agenda: Vec<(Duration, Event)>,
    /// Up to where the agenda is done.
    done: usize,
    epoch: Duration,
}

impl Wire {
    /// A wire at time 0, nothing on it.
    #[must_use]
    pub fn new(config: WireConfig) -> Self {
        let WireConfig { topology, schedule, one_way, server_link, moves, seed } = config;
        let pairs = topology.hosts().count().pow(2);
        let mut models: Vec<LinkModel> =
            (0..pairs as u64).map(|pair| LinkModel::with_rng(server_link, Rng::stream(seed, pair))).collect();
        for (from, to) in call_path(&topology) {
            models[index(&topology, from, to)].set_link(Link::PERFECT);
        }
        let links = schedule.steps().iter().map(|&(at, link)| (at, Event::Link(link)));
        let moves = moves.into_iter().map(|(at, host)| (at, Event::Move(host)));
        let mut agenda: Vec<_> = links.chain(moves).collect();
        agenda.sort_by_key(|(at, _)| *at);
        Self { topology, models, one_way, flight: Flight::default(), agenda, done: 0, epoch: Duration::ZERO }
    }

    /// Hosts, addresses and blocks as they are now.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// A packet left host `from` at `now`.
    pub fn handle(&mut self, from: HostId, packet: &[u8], now: Duration) {
        let Some(to) = self.topology.route(from, packet) else {
            return;
        };
        let model = &mut self.models[index(&self.topology, from, to)];
        if self.flight.is_full() {
            model.refuse(packet.len());
        } else if let Fate::Delivered { at, copies } = model.admit(packet.len(), now) {
            for _ in 0..copies {
                self.flight.push(to, packet, at);
            }
        }
    }

    /// What is due by `now`. Call until `None`.
    pub fn poll_output(&mut self, now: Duration) -> Option<Output<'_>> {
        while let Some(&(_, event)) = self.agenda.get(self.done).filter(|(at, _)| self.epoch + *at <= now) {
            self.done += 1;
            match event {
                Event::Link(link) => self.apply(link),
                Event::Move(host) => {
                    let address = self.change_address(host);
                    return Some(Output::ChangeAddress { host, address });
                }
            }
        }
        self.flight.pop(now).map(|(to, packet)| Output::Deliver { to, packet })
    }

    /// When [`Self::poll_output`] must be called again at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let event = self.agenda.get(self.done).map(|(at, _)| self.epoch + *at);
        event.into_iter().chain(self.flight.next_at()).min()
    }

    /// Puts `link` between `a` and `b` from now on. The schedule's links are forgotten, its moves are not.
    pub fn set_link(&mut self, link: Link) {
        let is_move = |entry: &(Duration, Event)| matches!(entry.1, Event::Move(_));
        self.done = self.agenda.iter().take(self.done).filter(|entry| is_move(entry)).count();
        self.agenda.retain(is_move);
        self.apply(link);
    }

    /// Puts `link` on one direction of one path from now on, whichever it is.
    pub fn set_direction(&mut self, from: HostId, to: HostId, link: Link) {
        self.models[index(&self.topology, from, to)].set_link(link);
    }

    /// Moves a host now. The shell sees to its interface.
    pub fn change_address(&mut self, host: HostId) -> Ipv4Addr {
        self.topology.change_address(host)
    }

    /// Starts the schedule's clock, moves included, again at `now`.
    pub fn restart_schedule(&mut self, now: Duration) {
        self.done = 0;
        self.epoch = now;
    }

    /// The counters of every direction, by `from>to`.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, LinkStats> {
        let name = |host| self.topology.name(host);
        let directions = self.topology.hosts().flat_map(|x| self.topology.hosts().map(move |y| (x, y)));
        directions
            .filter(|(x, y)| x != y)
            .map(|(x, y)| {
                (format!("{}>{}", name(x), name(y)), self.models[index(&self.topology, x, y)].stats())
            })
            .collect()
    }

    /// How long packets have waited for the rate between the hosts named `a` and `b`, each way.
    #[must_use]
    pub fn waits(&self) -> Vec<Waits> {
        let model = |(from, to)| &self.models[index(&self.topology, from, to)];
        call_path(&self.topology).map(|direction| model(direction).waits().clone()).collect()
    }

    fn apply(&mut self, link: Link) {
        let back = if self.one_way { Link::delayed(link.delay_ms) } else { link };
        for ((from, to), link) in call_path(&self.topology).zip([link, back]) {
            self.models[index(&self.topology, from, to)].set_link(link);
        }
    }
}

/// Both directions between the hosts named `a` and `b`, where they exist.
fn call_path(topology: &Topology) -> impl Iterator<Item = (HostId, HostId)> + use<> {
    let ends: Result<_, TopologyError> = topology.host("a").and_then(|a| Ok((a, topology.host("b")?)));
    ends.into_iter().flat_map(|(a, b)| [(a, b), (b, a)])
}

fn index(topology: &Topology, from: HostId, to: HostId) -> usize {
    from.0 * topology.hosts().len() + to.0
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
