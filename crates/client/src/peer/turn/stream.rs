//! Connections to a TURN server by TCP and by TLS.
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
    sync::OnceCell,
    task::spawn_blocking,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{self, ClientConfig, crypto::aws_lc_rs, pki_types::ServerName},
};

use rustls_platform_verifier::BuilderVerifierExt as _;

/// Longest wait for TCP and TLS together: eight round trips of a satellite.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// What the system may hold unsent or unacknowledged: 5 Mbit/s over a fifth of a second. By default it holds megabytes,
/// which on a slow link are minutes of sound.
const SEND_BUFFER: u32 = 128 * 1024;

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
    /// The server, or something before it, refuses; or TLS was not agreed on, for the reason that is given.
    #[error("{0}")]
    Refused(#[from] io::Error),
    /// No certificate can be for this name.
    #[error("`{0}` is no name for TLS")]
    BadName(String),
    /// This system's certificate authorities cannot be used.
    #[error("TLS cannot be used here: {0}")]
    NoTls(#[from] rustls::Error),
}

/// Both ways of a connection.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl StreamServer {
    /// Connects.
    ///
    /// # Errors
    /// As [`StreamError`] has them.
    pub async fn connect(&self) -> Result<Box<dyn Duplex>, StreamError> {
        let connecting = async {
            let stream = self.tcp().await?;
            match &self.tls {
                Some(name) => tls(stream, name).await,
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

async fn tls(stream: TcpStream, name: &str) -> Result<Box<dyn Duplex>, StreamError> {
    let server = ServerName::try_from(name.to_owned()).map_err(|_| StreamError::BadName(name.to_owned()))?;
    let connector = TlsConnector::from(tls_config().await?);
    Ok(Box::new(connector.connect(server, stream).await?))
}

/// The system's certificate authorities, as for the signaling server; they are read from disk, and so only once.
async fn tls_config() -> Result<Arc<ClientConfig>, StreamError> {
    static CONFIG: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();
    let read = || async {
        let config = spawn_blocking(|| {
            let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
            builder.with_safe_default_protocol_versions()?.with_platform_verifier()
        });
        let config = config.await.map_err(io::Error::from)??;
        Ok(Arc::new(config.with_no_client_auth()))
    };
    CONFIG.get_or_try_init(read).await.cloned()
}
