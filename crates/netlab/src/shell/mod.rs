//! The network for real: each host a network namespace with one TUN interface, one thread that moves packets
//! between them through the [`Wire`]. Linux, as root; no program and no kernel module is needed.
mod builder;
mod error;
mod namespace;
mod netlink;
mod pump;
mod sys;
mod tun;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    net::Ipv4Addr,
    os::fd::AsFd,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use builder::Builder;
pub use error::NetlabError;

use crate::{HostId, Link, LinkStats, Profile, TopologyError, Waits, Wire};
use namespace::Namespace;
use pump::Pump;
use tun::Tun;

/// A running network. Dropping it takes everything down; sockets and programs that are left on its hosts
/// then find themselves without a network.
#[derive(Debug)]
pub struct Netlab {
    name: String,
    hosts: Vec<Host>,
    pump: Pump,
    wire: Arc<Mutex<Wire>>,
}

#[derive(Debug)]
struct Host {
    namespace: Namespace,
    tun: Arc<Tun>,
}

impl Netlab {
    /// Describes a network, to be started with [`Builder::start`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The name of this network. Its host `a` is the network namespace `<name>-a`, so that a script can say
    /// `ip netns exec <name>-a PROGRAM`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `program` on a host.
    ///
    /// # Errors
    /// Where there is no such host, or this process has no descriptor left.
    pub fn command(&self, host: &str, program: impl AsRef<OsStr>) -> Result<Command, NetlabError> {
        let namespace = self.host(host)?.namespace.as_fd().try_clone_to_owned();
        let namespace = namespace.map_err(NetlabError::io("open a namespace"))?;
        let mut command = Command::new(program);
        sys::enter_before_exec(&mut command, namespace);
        Ok(command)
    }

    /// Runs `work` in a thread on a host: a socket made there stays on that host, wherever it is used.
    ///
    /// # Errors
    /// Where there is no such host or it cannot be entered. A panic in `work` goes on in the caller.
    pub fn enter<T: Send>(&self, host: &str, work: impl FnOnce() -> T + Send) -> Result<T, NetlabError> {
        self.host(host)?.namespace.run(work)
    }

    /// The host's present address.
    ///
    /// # Errors
    /// Where there is no such host.
    pub fn address(&self, host: &str) -> Result<Ipv4Addr, NetlabError> {
        let wire = self.wire();
        Ok(wire.topology().address(wire.topology().host(host)?))
    }

    /// Puts a profile between `a` and `b` from now on; ends the schedule.
    pub fn set_profile(&self, profile: Profile) {
        self.set_link(profile.link());
    }

    /// Puts a link between `a` and `b` from now on; ends the schedule.
    pub fn set_link(&self, link: Link) {
        self.wire().set_link(link);
    }

    /// Puts a link on one direction between any two hosts from now on. The schedule, where it goes on, may
    /// change it again.
    ///
    /// # Errors
    /// Where a host does not exist.
    pub fn set_direction(&self, from: &str, to: &str, link: Link) -> Result<(), NetlabError> {
        let mut wire = self.wire();
        let (from, to) = (wire.topology().host(from)?, wire.topology().host(to)?);
        wire.set_direction(from, to, link);
        Ok(())
    }

    /// Gives the host's interface a new address instead of its present one, and returns the new one.
    ///
    /// # Errors
    /// Where there is no such host, or the system refuses.
    pub fn change_address(&self, host: &str) -> Result<Ipv4Addr, NetlabError> {
        // Held over both steps: the pump must see the change whole.
        let mut wire = self.wire();
        let host = wire.topology().host(host)?;
        let address = wire.change_address(host);
        self.hosts[host.0].tun.set_address(address)?;
        Ok(address)
    }

    /// Takes the host's address away, and with it every route, as where its cable is pulled.
    ///
    /// # Errors
    /// Where there is no such host, or it has no address.
    pub fn unplug(&self, host: &str) -> Result<(), NetlabError> {
        self.host(host)?.tun.unplug()
    }

    /// Gives the host the address back that [`Netlab::unplug`] took.
    ///
    /// # Errors
    /// Where there is no such host, or the system refuses.
    pub fn plug_in(&self, host: &str) -> Result<(), NetlabError> {
        self.host(host)?.tun.plug_in()
    }

    /// Starts the schedule's clock again at 0.
    ///
    /// # Errors
    /// Where the pump cannot be woken.
    pub fn restart_schedule(&self) -> Result<(), NetlabError> {
        let now = self.pump.now();
        self.wire().restart_schedule(now);
        self.pump.wake()
    }

    /// The counters of every direction since the start, by `from>to`.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, LinkStats> {
        self.wire().stats()
    }

    /// How long packets have waited for the rate between the hosts named `a` and `b`, each way.
    #[must_use]
    pub fn waits(&self) -> Vec<Waits> {
        self.wire().waits()
    }

    fn host(&self, name: &str) -> Result<&Host, TopologyError> {
        let HostId(index) = self.wire().topology().host(name)?;
        Ok(&self.hosts[index])
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        lock(&self.wire)
    }
}

/// A panic elsewhere leaves the wire whole: nothing in it panics half-way.
fn lock(wire: &Mutex<Wire>) -> MutexGuard<'_, Wire> {
    wire.lock().unwrap_or_else(PoisonError::into_inner)
}
