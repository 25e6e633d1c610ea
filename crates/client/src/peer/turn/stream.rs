//! Connections to a TURN server by TCP and by TLS.
use crate::{
    peer::tcp::tune,
    tls::{Duplex, TlsError, secure},
};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// Longest wait for TCP and TLS together: eight round trips of a satellite.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

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
            let stream = TcpStream::connect(self.address).await?;
            tune(&stream)?;
            match &self.tls {
                Some(name) => Ok(secure(stream, name).await?),
                None => Ok(Box::new(stream) as Box<dyn Duplex>),
            }
        };
        timeout(CONNECT_LIMIT, connecting).await.map_err(|_| StreamError::NoAnswer)?
    }
}
