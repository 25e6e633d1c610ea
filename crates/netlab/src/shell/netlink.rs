//! Interfaces, addresses and routes by rtnetlink (RFC 3549, rtnetlink(7)): the four requests that a host needs.
//! A socket speaks for the namespace in which it was opened, wherever it is used later.
use std::{
    io,
    net::Ipv4Addr,
    os::fd::{AsFd, OwnedFd},
};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink::SocketAddrNetlink, recv, sendto,
    socket_with,
};

const REQUEST_ACK: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
const CREATE: u16 = (libc::NLM_F_CREATE | libc::NLM_F_REPLACE) as u16;
const HEADER: usize = 16;
const PREFIX: u8 = 24;

/// The number of an interface in its namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interface(u32);

impl Interface {
    /// Of every namespace.
    pub(super) const LOOPBACK: Self = Self(1);
}

#[derive(Debug)]
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    /// A socket for the calling thread's namespace.
    pub(super) fn open() -> io::Result<Self> {
        // No protocol is protocol 0: NETLINK_ROUTE.
        Ok(Self(socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?))
    }

    pub(super) fn interface(&self, name: &str) -> io::Result<Interface> {
        Ok(Interface(rustix::net::netdevice::name_to_index(self.0.as_fd(), name)?))
    }

    /// Brings the interface up. `sizes` are its MTU in bytes and its sending queue in packets.
    pub(super) fn set_up(&self, Interface(index): Interface, sizes: Option<(u32, u32)>) -> io::Result<()> {
        let up = (libc::IFF_UP as u32).to_ne_bytes();
        let mut request = Request::new(libc::RTM_NEWLINK, 0);
        // struct ifinfomsg: family, padding, type; index; flags; which flags to change.
        request.put(&[0; 4]).put(&index.to_ne_bytes()).put(&up).put(&up);
        if let Some((mtu, queue)) = sizes {
            request.attribute(libc::IFLA_MTU, &mtu.to_ne_bytes());
            request.attribute(libc::IFLA_TXQLEN, &queue.to_ne_bytes());
        }
        self.ask(request)
    }

    /// Adds an address to the interface, with the /24 subnet around it.
    pub(super) fn add_address(&self, interface: Interface, address: Ipv4Addr) -> io::Result<()> {
        self.ask(Request::address(libc::RTM_NEWADDR, CREATE, interface, address))
    }

    /// Takes an address away. With the last one go the routes.
    pub(super) fn delete_address(&self, interface: Interface, address: Ipv4Addr) -> io::Result<()> {
        self.ask(Request::address(libc::RTM_DELADDR, 0, interface, address))
    }

    /// Sends to the interface whatever has no other way.
    pub(super) fn add_default_route(&self, Interface(index): Interface) -> io::Result<()> {
        let mut request = Request::new(libc::RTM_NEWROUTE, CREATE);
        // struct rtmsg: family, lengths of destination (0: default) and source, TOS, table, protocol, scope, type; flags.
        let family = libc::AF_INET as u8;
        let (table, protocol) = (libc::RT_TABLE_MAIN, libc::RTPROT_STATIC);
        request.put(&[family, 0, 0, 0, table, protocol, libc::RT_SCOPE_LINK, libc::RTN_UNICAST]).put(&[0; 4]);
        request.attribute(libc::RTA_OIF, &index.to_ne_bytes());
        self.ask(request)
    }

    /// Sends a request and waits for the kernel's word on it, which it gives at once.
    fn ask(&self, request: Request) -> io::Result<()> {
        sendto(&self.0, &request.finish(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut reply = [0; 1024];
        let (length, _) = recv(&self.0, &mut reply, RecvFlags::empty())?;
        // struct nlmsgerr: the header, then a negative error number, or 0.
        match reply[..length].get(HEADER..).and_then(<[u8]>::first_chunk) {
            Some(error) => match i32::from_ne_bytes(*error) {
                0 => Ok(()),
                error => Err(io::Error::from_raw_os_error(-error)),
            },
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A message under construction.
struct Request(Vec<u8>);

impl Request {
    fn new(kind: u16, flags: u16) -> Self {
        let mut request = Self(vec![0; HEADER]);
        request.0[4..6].copy_from_slice(&kind.to_ne_bytes());
        request.0[6..8].copy_from_slice(&(REQUEST_ACK | flags).to_ne_bytes());
        request
    }

    fn address(kind: u16, flags: u16, Interface(index): Interface, address: Ipv4Addr) -> Self {
        let mut request = Self::new(kind, flags);
        // struct ifaddrmsg: family, prefix length, flags, scope; index.
        request.put(&[libc::AF_INET as u8, PREFIX, 0, 0]).put(&index.to_ne_bytes());
        request.attribute(libc::IFA_LOCAL, &address.octets());
        request.attribute(libc::IFA_ADDRESS, &address.octets());
        request
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Every attribute here is 4 bytes long, so that none needs padding.
    fn attribute(&mut self, kind: u16, value: &[u8; 4]) {
        self.put(&8u16.to_ne_bytes()).put(&kind.to_ne_bytes()).put(value);
    }

    fn finish(mut self) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}
