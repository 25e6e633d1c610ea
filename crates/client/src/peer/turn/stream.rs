//! Connections to a TURN server by TCP and by TLS.
use crate::tls::{Duplex, TlsError, secure};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// Longest wait for TCP and TLS together: eight round trips of a satellite.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// What the system may hold unsent or unacknowledged: 5 Mbit/s over a fifth of a second. By default it holds megabytes,
/// which on a slow link are minutes of sound.
pub const SEND_BUFFER: u32 = 128 * 1024;

/// A TURN server by its address, spoken to over a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamServer {
    /// One address of it.
    pub address: SocketAddr,
    /// For TLS: the name or address that its certificate is for.
    pub tls: Option<String>,
}

/// Why there is no connection to a TURN server.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Neither TCP nor TLS came about in time.
    #[error("no connection within {} s", CONNECT_LIMIT.as_secs())]
    NoAnswer,
    /// The server, or something before it, refuses.
    #[error("{0}")]
    Refused(#[from] io::Error),
    /// TLS was not agreed on.
    #[error(transparent)]
    NoTls(#[from] TlsError),
}

impl StreamServer {
    /// Connects.
    ///
    /// # Errors
    /// As [`StreamError`] has them.
    pub async fn connect(&self) -> Result<Box<dyn Duplex>, StreamError> {
        let connecting = async {
            let stream = self.tcp().await?;
            match &self.tls {
                Some(name) => Ok(secure(stream, name).await?),
                None => Ok(Box::new(stream) as Box<dyn Duplex>),
            }
        };
        timeout(CONNECT_LIMIT, connecting).await.map_err(|_| StreamError::NoAnswer)?
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        // Each datagram is worth more now than a few saved bytes.
        socket.set_nodelay(true)?;
        socket.connect(self.address).await
    }
}
