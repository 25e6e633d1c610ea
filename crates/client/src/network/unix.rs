//! Linux: rtnetlink (RFC 3549, rtnetlink(7)). macOS: the routing socket (route(4)). Both need no privilege. What the
//! messages say is not read: that there is one is the hint.
use super::hints::Hints;
use rustix::{
    io::{Errno, ioctl_fionbio},
    net::{RecvFlags, SocketType, recv},
};
use std::{io, os::fd::OwnedFd, time::Duration};
use tokio::io::unix::AsyncFd;

/// Longest message that is taken whole; the rest of a longer one is dropped, which is as good.
const MESSAGE: usize = 4_096;

struct RoutingSocket(AsyncFd<OwnedFd>);

/// The hints of this system.
pub(super) fn hints() -> io::Result<Box<dyn Hints>> {
    let socket = open()?;
    ioctl_fionbio(&socket, true)?;
    // SAFETY: an `OwnedFd` stays the same open descriptor until it is dropped, which `AsyncFd` sees to.
    let socket = unsafe { AsyncFd::register(socket) }.map_err(io::Error::from)?;
    Ok(Box::new(RoutingSocket(socket)))
}

#[cfg(target_os = "linux")]
fn open() -> io::Result<OwnedFd> {
    use rustix::net::{AddressFamily, SocketFlags, bind, netlink::SocketAddrNetlink, socket_with};
    /// Of links, addresses and routes (linux/rtnetlink.h): `RTMGRP_LINK`, `RTMGRP_IPV4_IFADDR`, `RTMGRP_IPV4_ROUTE`,
    /// `RTMGRP_IPV6_IFADDR`, `RTMGRP_IPV6_ROUTE`.
    const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
    // No protocol is protocol 0: NETLINK_ROUTE.
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
    Ok(socket)
}

#[cfg(target_vendor = "apple")]
fn open() -> io::Result<OwnedFd> {
    use rustix::{
        io::{FdFlags, fcntl_setfd},
        net::{AddressFamily, socket},
    };
    let socket = socket(AddressFamily::ROUTE, SocketType::RAW, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(socket)
}

#[async_trait::async_trait]
impl Hints for RoutingSocket {
    async fn next(&mut self) -> io::Result<()> {
        let mut message = [0; MESSAGE];
        let read = self.0.async_io(tokio::io::Interest::READABLE, |socket| {
            Ok(recv(socket, &mut message[..], RecvFlags::empty())?)
        });
        match read.await {
            Ok(_) => Ok(()),
            // Messages were lost: there were many.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A clock that goes on while the machine sleeps.
#[cfg(target_os = "linux")]
pub(super) fn awake_or_asleep() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}

/// A clock that goes on while the machine sleeps.
#[cfg(target_vendor = "apple")]
pub(super) fn awake_or_asleep() -> Duration {
    Duration::from_millis(crate::clock::unix_ms())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_routing_socket_can_be_opened_without_privilege_and_is_silent_at_first() {
        let mut hints = hints().expect("a routing socket");
        let soon = tokio::time::timeout(Duration::ZERO, hints.next()).await;
        assert!(!matches!(soon, Ok(Err(_))), "the socket works: {soon:?}");
    }

    #[test]
    fn the_clock_goes_on() {
        let before = awake_or_asleep();
        assert!(before > Duration::ZERO);
        assert!(awake_or_asleep() >= before);
    }
}
