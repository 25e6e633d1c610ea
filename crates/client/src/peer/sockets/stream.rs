//! TCP connections between the two machines (ICE-TCP, RFC 6544), as webrtc-rs sees them.
//!
//! webrtc-rs waits until what it writes is taken, and with it everything else of the connection. Here writing never waits:
//! of what does not fit, the oldest is lost, as on any path.
use crate::{
    peer::tcp::{Outbox, outbox, tune},
    task::Task,
};
use bytes::Bytes;
use std::{io, net::SocketAddr, pin::Pin, time::Duration};
use tokio::{
    io::AsyncWriteExt as _,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{OwnedSemaphorePermit, broadcast},
    time::timeout,
};
use webrtc::runtime::AsyncTcpStream;

/// Longest wait for a connection: a lost SYN goes once more after one second and after three.
const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// Where nothing comes for so long there is no path: signs of life come twice a second.
const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// One connection.
#[derive(Debug)]
pub(super) struct Stream {
    incoming: OwnedReadHalf,
    outgoing: broadcast::Sender<Bytes>,
    local: SocketAddr,
    peer: SocketAddr,
    _writer: Task,
    /// Among those that were accepted.
    _place: Option<OwnedSemaphorePermit>,
}

impl Stream {
    /// Takes over a connection that is there.
    pub(super) fn new(stream: TcpStream, place: Option<OwnedSemaphorePermit>) -> io::Result<Self> {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        tune(&stream)?;
        let (incoming, to_network) = stream.into_split();
        let (outgoing, waiting) = outbox();
        let writer = Task::spawn(write(to_network, waiting));
        Ok(Self { incoming, outgoing, local, peer, _writer: writer, _place: place })
    }

    /// Connects to where the peer listens.
    pub(super) async fn connect(to: SocketAddr) -> io::Result<Self> {
        let connected = timeout(CONNECT_LIMIT, TcpStream::connect(to)).await;
        Self::new(connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??, None)
    }

    async fn read_some(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let readable = timeout(IDLE_LIMIT, self.incoming.readable()).await;
            readable.map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))??;
            match self.incoming.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

impl AsyncTcpStream for Stream {
    fn read<'a, 'b>(
        &'a self,
        buffer: &'b mut [u8],
    ) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send + 'b>>
    where
        'a: 'b,
    {
        Box::pin(self.read_some(buffer))
    }

    /// `framed` is one packet with its length before it (RFC 4571).
    fn write_all<'a, 'b>(
        &'a self,
        framed: &'b [u8],
    ) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'b>>
    where
        'a: 'b,
    {
        let taken = self.outgoing.send(Bytes::copy_from_slice(framed));
        Box::pin(async move { taken.map(|_| ()).map_err(|_| io::ErrorKind::BrokenPipe.into()) })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

async fn write(mut stream: OwnedWriteHalf, mut waiting: Outbox) {
    while let Some(framed) = waiting.next().await {
        if let Err(error) = stream.write_all(&framed).await {
            return tracing::debug!(%error, "a connection to the peer has ended");
        }
    }
}
