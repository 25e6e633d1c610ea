//! The one network interface of a host, and the end of it that the pump holds.
use std::{
    io,
    net::Ipv4Addr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{Mutex, PoisonError},
};

use rustix::fs::{Mode, OFlags};

use super::{
    error::NetlabError,
    namespace::Namespace,
    netlink::{Interface, Netlink},
    sys,
};

const NAME: &str = "wire0";
/// Ethernet's, in bytes.
pub(super) const MTU: u32 = 1500;
/// Packets that may wait for the pump: 0.1 s of 100 Mbit/s. If the pump is late they wait; they are not lost.
const QUEUE: u32 = 1000;

#[derive(Debug)]
pub(super) struct Tun {
    device: OwnedFd,
    interface: Interface,
    netlink: Netlink,
    address: Mutex<Ipv4Addr>,
}

impl Tun {
    /// Makes the interface in the namespace and brings it up, with a route to everywhere.
    pub(super) fn open(namespace: &Namespace, address: Ipv4Addr) -> Result<Self, NetlabError> {
        namespace.run(|| {
            let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let device = rustix::fs::open("/dev/net/tun", flags, Mode::empty())
                .map_err(NetlabError::missing("open /dev/net/tun"))?;
            sys::make_tun(device.as_fd(), NAME).map_err(NetlabError::io("make a TUN interface"))?;
            let netlink = Netlink::open().map_err(NetlabError::io("open a netlink socket"))?;
            let set_up = || {
                let interface = netlink.interface(NAME)?;
                netlink.set_up(Interface::LOOPBACK, None)?;
                netlink.add_address(interface, address)?;
                netlink.set_up(interface, Some((MTU, QUEUE)))?;
                netlink.add_default_route(interface)?;
                Ok::<_, io::Error>(interface)
            };
            let interface = set_up().map_err(NetlabError::io("set an interface up"))?;
            Ok(Self { device, interface, netlink, address: Mutex::new(address) })
        })?
    }

    /// Replaces the address. Programs on the host see their address go and a new one come.
    pub(super) fn set_address(&self, address: Ipv4Addr) -> Result<(), NetlabError> {
        let mut present = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        let replace = || {
            self.netlink.delete_address(self.interface, *present)?;
            self.netlink.add_address(self.interface, address)?;
            self.netlink.add_default_route(self.interface)
        };
        replace().map_err(NetlabError::io("change an address"))?;
        *present = address;
        Ok(())
    }

    /// Takes the address away, and with it every route; programs on the host find themselves without a network.
    pub(super) fn unplug(&self) -> Result<(), NetlabError> {
        let present = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        self.netlink.delete_address(self.interface, *present).map_err(NetlabError::io("take an address away"))
    }

    /// Gives it back.
    pub(super) fn plug_in(&self) -> Result<(), NetlabError> {
        let present = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        let give = || {
            self.netlink.add_address(self.interface, *present)?;
            self.netlink.add_default_route(self.interface)
        };
        give().map_err(NetlabError::io("give an address back"))
    }

    /// The next packet that leaves the host, and its length; `None` where there is none at present.
    pub(super) fn read(&self, packet: &mut [u8]) -> Option<usize> {
        // Not to be read is not to be there: the interface may be down for a moment.
        rustix::io::read(&self.device, packet).ok()
    }

    /// Hands a packet to the host. One that it does not take is lost, as on any last hop.
    pub(super) fn write(&self, packet: &[u8]) {
        rustix::io::write(&self.device, packet).ok();
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}
