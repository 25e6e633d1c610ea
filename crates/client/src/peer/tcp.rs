//! TCP as media goes over it, to a TURN server or to the peer: little is held back, and of what does not fit the oldest is
//! lost, as on any path.
use bytes::Bytes;
use socket2::SockRef;
use std::io;
use tokio::{
    net::TcpStream,
    sync::broadcast::{self, error::RecvError},
};

/// Datagrams that wait for a connection: a quarter of a second at 5 Mbit/s. Older media is of no use, and what asks for
/// something is repeated.
pub(super) const WAITING_MAX: usize = 128;
/// What the system may hold unsent or unacknowledged: 5 Mbit/s over a fifth of a second. By default it holds megabytes,
/// which on a slow link are minutes of sound.
const SEND_BUFFER: usize = 128 * 1024;

/// Has the system hold little back.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    // Each datagram is worth more now than a few saved bytes.
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_send_buffer_size(SEND_BUFFER)
}

/// A place for datagrams that wait, and whoever takes them from there.
pub(super) fn outbox() -> (broadcast::Sender<Bytes>, Outbox) {
    let (sender, receiver) = broadcast::channel(WAITING_MAX);
    (sender, Outbox(receiver))
}

/// Takes what waits.
#[derive(Debug)]
pub(super) struct Outbox(broadcast::Receiver<Bytes>);

impl Outbox {
    /// The oldest datagram that still waits; `None` once nobody sends any more.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.0.recv().await {
                Ok(datagram) => return Some(datagram),
                Err(RecvError::Lagged(dropped)) => {
                    tracing::debug!(dropped, "a connection is slower than what is sent over it");
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
