//! Carries datagrams to a TURN server over one TCP or TLS connection, and makes another where it ends.
use super::{
    frame::{self, Decoder, FrameError},
    repeats::Requests,
    stream::StreamServer,
};
use crate::{
    peer::tcp::{Outbox, outbox},
    signaling::backoff::Backoff,
    task::Task,
    tls::Duplex,
};
use bytes::{Bytes, BytesMut};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf},
    sync::{broadcast, mpsc},
};

/// How much is read at once: some dozen packets.
const READ_AT_ONCE: usize = 16 * 1024;

/// A way to one server. Closed when dropped, and with it what the server has allocated.
#[derive(Debug)]
pub struct Tunnel {
    outgoing: broadcast::Sender<Bytes>,
    _task: Task,
}

/// Why a connection has ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the server has closed the connection")]
    ByServer,
    #[error("{0}")]
    Broken(#[from] io::Error),
    #[error("the server does not speak TURN: {0}")]
    Garbage(#[from] FrameError),
    #[error("nobody reads any more")]
    NoReader,
}

impl Tunnel {
    /// Connects in the background. Whole messages that come are given to `incoming`, as from `name`.
    pub fn open(server: StreamServer, name: SocketAddr, incoming: mpsc::Sender<(SocketAddr, Bytes)>) -> Self {
        let (outgoing, waiting) = outbox();
        Self { outgoing, _task: Task::spawn(keep_up(server, waiting, name, incoming)) }
    }

    /// Takes one datagram.
    pub fn send(&self, datagram: Bytes) {
        // The task holds the other end for as long as this is alive.
        let _ = self.outgoing.send(datagram);
    }
}

/// An allocation ends with its connection: what connectivity checks then miss, an ICE restart makes anew.
async fn keep_up(
    server: StreamServer,
    mut waiting: Outbox,
    name: SocketAddr,
    incoming: mpsc::Sender<(SocketAddr, Bytes)>,
) {
    let mut backoff = Backoff::default();
    while !incoming.is_closed() {
        match server.connect().await {
            Ok(stream) => {
                tracing::debug!(address = %server.address, tls = server.tls.is_some(), "connected to a TURN server");
                backoff.reset();
                let why = carry(stream, &mut waiting, name, &incoming).await;
                tracing::warn!(address = %server.address, %why, "a connection to a TURN server has ended");
            }
            Err(error) => tracing::warn!(address = %server.address, %error, "no connection to a TURN server"),
        }
        backoff.pause().await;
    }
}

async fn carry(
    stream: Box<dyn Duplex>,
    waiting: &mut Outbox,
    name: SocketAddr,
    incoming: &mpsc::Sender<(SocketAddr, Bytes)>,
) -> Ended {
    let (from_server, to_server) = tokio::io::split(stream);
    let both = async { tokio::try_join!(receive(from_server, name, incoming), send(to_server, waiting)) };
    both.await.map_or_else(|ended| ended, |((), ())| Ended::NoReader)
}

async fn receive(
    mut stream: ReadHalf<Box<dyn Duplex>>,
    name: SocketAddr,
    incoming: &mpsc::Sender<(SocketAddr, Bytes)>,
) -> Result<(), Ended> {
    let mut decoder = Decoder::default();
    loop {
        decoder.buffer().reserve(READ_AT_ONCE);
        if stream.read_buf(decoder.buffer()).await? == 0 {
            return Err(Ended::ByServer);
        }
        while let Some(message) = decoder.next()? {
            // Where nobody takes it, the server is made to wait, as by any stream.
            incoming.send((name, message)).await.map_err(|_| Ended::NoReader)?;
        }
    }
}

async fn send(mut stream: WriteHalf<Box<dyn Duplex>>, waiting: &mut Outbox) -> Result<(), Ended> {
    let mut requests = Requests::default();
    let mut framed = BytesMut::new();
    while let Some(datagram) = waiting.next().await {
        if requests.is_repeat(&datagram) {
            continue;
        }
        framed.clear();
        match frame::encode(&datagram, &mut framed) {
            Ok(()) => {
                stream.write_all(&framed).await?;
                stream.flush().await?;
            }
            Err(error) => tracing::debug!(%error, "not sent to a TURN server"),
        }
    }
    Err(Ended::NoReader)
}

#[cfg(test)]
#[path = "tunnel_tests.rs"]
mod tests;
