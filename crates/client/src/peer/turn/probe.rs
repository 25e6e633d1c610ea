//! One relay address, asked for and given back: whether a TURN server would serve a call.
use super::{
    frame::{self, Decoder, FrameError},
    repeats::Requests,
    stream::StreamError,
    uri::Uri,
};
use crate::{peer::clock, tls::Duplex};
use bytes::BytesMut;
use eyeline_protocol::rest::IceServer;
use rtc::{
    crypto::default_provider,
    sansio::Protocol as _,
    shared::{TaggedBytesMut, TransportContext, TransportProtocol},
    turn::client::{Client, ClientConfig, Event},
};
use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UdpSocket, lookup_host},
    time::{sleep_until, timeout},
};

/// Longest wait for the answer of a server that can be reached: a person waits for this.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Longest datagram that is read; an answer to Allocate has some hundred bytes.
const ANSWER_MAX: usize = 2_048;

/// Why a TURN server gives no relay address, by the hop that fails.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Not a TURN server, or one that calls do not use: TURN over DTLS.
    #[error("this kind of server is not used")]
    NotUsed,
    /// The name leads nowhere.
    #[error("the name has no address")]
    NoAddress,
    /// TCP or TLS fails.
    #[error("the connection fails: {0}")]
    NoConnection(#[from] StreamError),
    /// The connection breaks.
    #[error("the connection breaks: {0}")]
    Broken(#[from] io::Error),
    /// What answers is no TURN server.
    #[error("what answers is no TURN server: {0}")]
    NotTurn(#[from] FrameError),
    /// Nothing answers.
    #[error("no answer")]
    NoAnswer,
    /// The server refuses, mostly for wrong credentials.
    #[error("the server gives no relay address: {0}")]
    Refused(String),
}

/// Asks the server at `uri` for a relay address with `server`'s credentials, and gives it back.
///
/// # Errors
/// The hop that fails.
pub async fn probe(uri: &str, server: &IceServer) -> Result<SocketAddr, ProbeError> {
    let uri = Uri::parse(uri).filter(|uri| uri.relays).ok_or(ProbeError::NotUsed)?;
    let found = lookup_host((uri.host.as_str(), uri.port)).await;
    let address = found.ok().and_then(|mut all| all.next()).ok_or(ProbeError::NoAddress)?;
    let mut link = Link::open(&uri, address).await?;
    timeout(ANSWER_LIMIT, allocate(&mut link, address, server)).await.map_err(|_| ProbeError::NoAnswer)?
}

async fn allocate(
    link: &mut Link,
    address: SocketAddr,
    server: &IceServer,
) -> Result<SocketAddr, ProbeError> {
    let words = |error: &dyn std::fmt::Display| ProbeError::Refused(error.to_string());
    let local_addr = local(address);
    let config = ClientConfig {
        turn_serv_addr: address.to_string(),
        local_addr,
        username: server.username.clone().unwrap_or_default(),
        password: server.credential.clone().unwrap_or_default(),
        ..ClientConfig::default()
    };
    let mut client =
        Client::new(config, default_provider().map_err(|e| words(&e))?).map_err(|e| words(&e))?;
    client.allocate(clock()).map_err(|e| words(&e))?;
    loop {
        while let Some(request) = client.poll_write() {
            link.send(&request.message).await?;
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::AllocateResponse(_, relay) => {
                    // A failure to give it back is the server's to clean up, within minutes.
                    let _ = client.relay(relay).and_then(|mut relay| relay.close(clock()));
                    while let Some(request) = client.poll_write() {
                        link.send(&request.message).await?;
                    }
                    return Ok(relay);
                }
                Event::AllocateError(_, error) => return Err(words(&error)),
                Event::TransactionTimeout(_) => return Err(ProbeError::NoAnswer),
                _ => {}
            }
        }
        let again = client.poll_timeout().unwrap_or_else(|| clock() + ANSWER_LIMIT);
        tokio::select! {
            message = link.receive() => {
                let transport = TransportContext {
                    local_addr,
                    peer_addr: address,
                    transport_protocol: TransportProtocol::UDP,
                    ecn: None,
                };
                let message = TaggedBytesMut { now: clock(), transport, message: message? };
                client.handle_read(message).map_err(|e| words(&e))?;
            }
            () = sleep_until(again.into()) => client.handle_timeout(clock()).map_err(|e| words(&e))?,
        }
    }
}

/// A way to one server.
enum Link {
    Udp(UdpSocket),
    Stream { stream: Box<dyn Duplex>, decoder: Decoder, requests: Requests },
}

impl Link {
    async fn open(uri: &Uri, address: SocketAddr) -> Result<Self, ProbeError> {
        let Some(server) = uri.over_stream(address) else {
            let socket = UdpSocket::bind(local(address)).await?;
            socket.connect(address).await?;
            return Ok(Self::Udp(socket));
        };
        let stream = server.connect().await?;
        Ok(Self::Stream { stream, decoder: Decoder::default(), requests: Requests::default() })
    }

    async fn send(&mut self, datagram: &[u8]) -> Result<(), ProbeError> {
        match self {
            Self::Udp(socket) => {
                socket.send(datagram).await?;
            }
            Self::Stream { stream, requests, .. } => {
                if !requests.is_repeat(datagram) {
                    let mut framed = BytesMut::new();
                    frame::encode(datagram, &mut framed)?;
                    stream.write_all(&framed).await?;
                    stream.flush().await?;
                }
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<BytesMut, ProbeError> {
        match self {
            Self::Udp(socket) => {
                let mut message = BytesMut::zeroed(ANSWER_MAX);
                let length = socket.recv(&mut message).await?;
                message.truncate(length);
                Ok(message)
            }
            Self::Stream { stream, decoder, .. } => loop {
                if let Some(message) = decoder.next()? {
                    return Ok(BytesMut::from(&message[..]));
                }
                if stream.read_buf(decoder.buffer()).await? == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
            },
        }
    }
}

fn local(remote: SocketAddr) -> SocketAddr {
    match remote {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn server() -> IceServer {
        IceServer { urls: Vec::new(), username: Some("u".into()), credential: Some("p".into()) }
    }

    #[tokio::test]
    async fn the_hop_that_fails_is_named() {
        let failure = async |uri: String| probe(&uri, &server()).await.expect_err("nobody is there");
        assert!(matches!(failure("stun:127.0.0.1".into()).await, ProbeError::NotUsed));
        assert!(matches!(failure("turn:name.invalid".into()).await, ProbeError::NoAddress));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("turn:{}?transport=tcp", listener.local_addr().expect("bound"));
        let (error, ()) = tokio::join!(failure(uri.clone()), async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.write_all(&[0xff; 4]).await.expect("an open connection");
            let _ = stream.read(&mut [0; 64]).await;
        });
        assert!(matches!(error, ProbeError::NotTurn(_)), "{error}");
        drop(listener);
        assert!(matches!(failure(uri).await, ProbeError::NoConnection(_)));
    }
}
