//! TLS over a connection, as a client that trusts whom this system trusts.
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    task::spawn_blocking,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{self, ClientConfig, crypto::aws_lc_rs, pki_types::ServerName},
};

/// Why there is no TLS with a server.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The server's certificate is not to be trusted, or it speaks no TLS.
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
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Speaks TLS over `stream` with the server whose certificate is for `name`, which may be an address.
pub(crate) async fn secure(stream: TcpStream, name: &str) -> Result<Box<dyn Duplex>, TlsError> {
    // As URLs write them.
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let server = ServerName::try_from(bare.to_owned()).map_err(|_| TlsError::BadName(name.to_owned()))?;
    let connector = TlsConnector::from(config().await?);
    Ok(Box::new(connector.connect(server, stream).await?))
}

/// The system's certificate authorities; they are read from disk, and so only once.
async fn config() -> Result<Arc<ClientConfig>, TlsError> {
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
