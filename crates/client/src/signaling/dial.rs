//! A TCP connection, by several attempts at once.
//!
//! A connection request that is lost is repeated by TCP after 1, 3 and 7 s. On a network that has just come back that
//! is too late for a call that waits for it; so a new attempt starts while those before it go on, and the first that
//! succeeds counts. Also, one dead address of a name does not hold up the others.
use super::nudge::Nudged;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::{Instant, interval_at},
};
use url::{Host, Url};

/// Between attempts: more than the round trip of all but the slowest paths.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Most attempts at a time: those of eight seconds, which is the longest wait for a socket.
const ATTEMPTS_MAX: usize = 16;

/// Connects to the host of `url`. A nudge begins another attempt at once. Fails as soon as no attempt is left.
pub(super) async fn dial(url: &Url, nudged: &mut Nudged) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    attempts.spawn(attempt(url.clone()));
    let mut again = interval_at(Instant::now() + AGAIN_AFTER, AGAIN_AFTER);
    loop {
        tokio::select! {
            Some(done) = attempts.join_next() => match done.map_err(io::Error::other).flatten() {
                Ok(stream) => return Ok(stream),
                Err(error) if attempts.is_empty() => return Err(error),
                Err(_) => {}
            },
            _ = again.tick(), if attempts.len() < ATTEMPTS_MAX => {
                attempts.spawn(attempt(url.clone()));
            }
            () = nudged.next(), if attempts.len() < ATTEMPTS_MAX => {
                attempts.spawn(attempt(url.clone()));
            }
        }
    }
}

async fn attempt(url: Url) -> io::Result<TcpStream> {
    let port = url.port_or_known_default().ok_or(io::ErrorKind::InvalidInput)?;
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => lookup_host((name, port)).await?.collect(),
        None => return Err(io::ErrorKind::InvalidInput.into()),
    };
    let mut each = JoinSet::new();
    for address in addresses {
        each.spawn(TcpStream::connect(address));
    }
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    while let Some(done) = each.join_next().await {
        match done.map_err(io::Error::other).flatten() {
            Ok(stream) => {
                // What is said here is short and awaited.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::nudge::Nudge;
    use tokio::net::TcpListener;

    fn url(address: SocketAddr) -> Url {
        format!("ws://{address}/").parse().expect("a URL")
    }

    #[tokio::test]
    async fn a_server_that_listens_is_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let stream = dial(&url(address), &mut Nudge::default().listen()).await.expect("connected");
        assert_eq!(stream.peer_addr().expect("connected"), address);
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_fails_at_once_and_not_at_the_end_of_patience() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        drop(listener);
        let nudge = Nudge::default();
        let refused = tokio::time::timeout(AGAIN_AFTER * 8, dial(&url(address), &mut nudge.listen())).await;
        assert!(matches!(refused, Ok(Err(_))), "{refused:?}");
    }
}
