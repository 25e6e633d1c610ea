//! The sockets that webrtc-rs is given: the system's own, with what it lacks between them and the network.
//!
//! ```text
//!                              .--> the system's UDP socket
//!   webrtc-rs --> Socket ------|            (and flights, which repeats)
//!                              '--> turn::Tunnel, for TURN servers over TCP and TLS
//!   webrtc-rs --> Listener, Stream --> TCP between the two machines
//! ```
//!
//! webrtc-rs knows TURN servers by UDP addresses only. One that is reached by a stream gets an address that no host has
//! ([`StreamServers`]); what is sent there goes through a tunnel, and what comes out of it comes from there. Beside that
//! [`flights`] and [`rechecks`] repeat what a lossy network takes of handshakes, [`early`] has them wait for the
//! description that they need, [`checks`] and [`callers`] have a path nominated as soon as it has answered, [`shortcuts`] leave out round trips of ICE and DTLS, [`dials`] bounds whom the peer
//! may have us connect to, [`mappings`] keeps open what NATs have opened, [`renewals`] repeats to TURN servers what came to them with an old nonce, and [`hurry`] wakes webrtc-rs while there is no connection.
mod callers;
mod checks;
mod dials;
mod early;
mod flights;
mod handshake;
mod heard;
mod hello;
mod hurry;
mod knowledge;
mod listener;
mod mappings;
mod nominate;
mod rechecks;
mod renewals;
mod servers;
mod shortcuts;
mod sift;
mod socket;
mod stream;
mod stun;

use super::Servers;
pub(super) use callers::Callers;
use dials::Dials;
pub(super) use early::Early;
pub(super) use hurry::Hurry;
pub(super) use knowledge::Knowledge;
use listener::Listener;
use renewals::Renewals;
pub(super) use servers::StreamServers;
use socket::Socket;
use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};
use stream::Stream;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime, default_runtime,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Tokio as webrtc-rs uses it, but for the sockets.
#[derive(Debug)]
pub(super) struct Sockets {
    inner: Arc<dyn Runtime>,
    shared: Shared,
    dials: Dials,
}

/// What all sockets of a connection, and the connection, have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    pub servers: Arc<StreamServers>,
    pub hurry: Hurry,
    pub callers: Callers,
    pub knowledge: Knowledge,
    pub early: Early,
    renewals: Renewals,
}

impl Shared {
    /// Of these servers the sockets need to know.
    pub(super) fn use_servers(&self, servers: &Servers) {
        self.callers.set_relays(servers.relays());
        self.renewals.add_passwords(servers.passwords());
    }
}

impl Sockets {
    /// `hidden`: whether the peer must not see an address of this machine. `None` where webrtc-rs is built without a
    /// runtime of its own, which it is not.
    pub(super) fn new(shared: Shared, hidden: bool) -> Option<Self> {
        default_runtime().map(|inner| Self { inner, shared, dials: Dials::new(!hidden) })
    }
}

impl Runtime for Sockets {
    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let local = socket.local_addr()?;
        self.shared.servers.on_new_socket();
        let udp = self.inner.wrap_udp_socket(socket)?;
        Ok(Arc::new(Socket::new(udp, local, self.shared.clone())))
    }

    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.inner.spawn(future)
    }

    fn spawn_reactor(&self, pool_size: usize, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        self.inner.spawn_reactor(pool_size, future)
    }

    fn wrap_tcp_listener(&self, listener: TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        Ok(Arc::new(Listener::new(listener, &self.shared)?))
    }

    fn connect_tcp<'a>(&'a self, remote: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(async move {
            let place = self.dials.place(remote)?;
            let stream = Stream::connect(remote, place, self.shared.callers.clone()).await?;
            Ok(Arc::new(stream) as Arc<dyn AsyncTcpStream>)
        })
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        self.inner.resolve_host(host)
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.inner.sleep(self.shared.hurry.shorten(duration))
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.inner.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.inner.block_on(future);
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        self.inner.yield_now()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }
}
