//! What stands before a server and speaks TLS for it, as Caddy or nginx do for an administrator.
use crate::authority::Authority;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// A TLS proxy on a free port of this machine. It ends with its owner.
pub struct Front {
    _runtime: Runtime,
    address: SocketAddr,
}

impl Front {
    /// Before the server at `behind`, such as `http://127.0.0.1:8000`.
    pub fn start(authority: &Authority, behind: &str) -> Self {
        let behind: SocketAddr = behind.trim_start_matches("http://").parse().expect("an address");
        let acceptor = acceptor(authority);
        let runtime = Runtime::new().expect("threads");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("bound");
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(acceptor.clone(), stream, behind));
            }
        });
        Self { _runtime: runtime, address }
    }

    /// Its base address.
    pub fn address(&self) -> String {
        format!("https://{}", self.address)
    }
}

async fn carry(acceptor: TlsAcceptor, stream: TcpStream, behind: SocketAddr) -> std::io::Result<()> {
    let mut outside = acceptor.accept(stream).await?;
    let mut inside = TcpStream::connect(behind).await?;
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(authority.certificate()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(authority.key()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate that fits its key");
    TlsAcceptor::from(Arc::new(config))
}
