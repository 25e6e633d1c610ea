//! TCP connections between the two machines (ICE-TCP, RFC 6544), as webrtc-rs sees them.
//!
//! webrtc-rs waits until what it writes is taken, and with it everything else of the connection. Here writing never waits:
//! of what does not fit, the oldest is lost, as on any path.
use super::{
    callers::Callers,
    dials::Place,
    handshake::is_not_media,
    knowledge::Knowledge,
    stun::{BINDING_REQUEST, BINDING_SUCCESS, is},
};
use crate::{
    peer::tcp::{Outbox, outbox, tune},
    task::Task,
};
use bytes::Bytes;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt as _,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{OwnedSemaphorePermit, broadcast},
    time::{Instant, timeout, timeout_at},
};
use webrtc::runtime::AsyncTcpStream;

/// Longest wait for a connection: a lost SYN goes once more after one second and after three.
const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// Where nothing comes for so long there is no path: signs of life come twice a second, and a call is given up before
/// (silence of 2.5 s, as much until it counts as lost, and 60 s of reconnecting).
const IDLE_LIMIT: Duration = Duration::from_secs(70);
/// Who has not shown by then to be the peer is a stranger: a few rounds of connectivity checks on the longest path.
const STRANGER_LIMIT: Duration = Duration::from_secs(10);
/// Longest connectivity check: what fits in a datagram anywhere (RFC 8489 section 6.1).
const CHECK_MAX: usize = 548;
/// Between two looks at a first packet that comes in pieces.
const MORE_AFTER: Duration = Duration::from_millis(20);
/// Length of a packet, before each (RFC 4571).
const LENGTH: usize = 2;

/// One connection.
#[derive(Debug)]
pub(super) struct Stream {
    incoming: OwnedReadHalf,
    outgoing: broadcast::Sender<Bytes>,
    local: SocketAddr,
    peer: SocketAddr,
    opened: Instant,
    /// What shows that the first word of who has connected to us is the peer's; no need of it where we have.
    knowledge: Option<Knowledge>,
    /// Whether that has been heard.
    is_admitted: AtomicBool,
    /// Whether ICE has answered somebody there: a check that did not know the secret goes unanswered.
    is_peer: AtomicBool,
    carries_media: AtomicBool,
    callers: Callers,
    _writer: Task,
    _held: Held,
}

/// What a connection holds of a number that is bounded.
#[derive(Debug)]
#[expect(dead_code, reason = "held until dropped")]
pub(super) enum Held {
    Accepted(OwnedSemaphorePermit),
    Dialed(Place),
}

impl Stream {
    /// Takes over a connection that somebody has made.
    pub(super) fn accepted(
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        callers: Callers,
        knowledge: Knowledge,
    ) -> io::Result<Self> {
        Self::new(stream, Held::Accepted(place), callers, Some(knowledge))
    }

    fn new(
        stream: TcpStream,
        held: Held,
        callers: Callers,
        knowledge: Option<Knowledge>,
    ) -> io::Result<Self> {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        tune(&stream)?;
        let (incoming, to_network) = stream.into_split();
        let (outgoing, waiting) = outbox();
        let writer = Task::spawn(write(to_network, waiting));
        Ok(Self {
            incoming,
            outgoing,
            local,
            peer,
            opened: Instant::now(),
            is_admitted: AtomicBool::new(knowledge.is_none()),
            knowledge,
            is_peer: AtomicBool::new(false),
            carries_media: AtomicBool::new(false),
            callers,
            _writer: writer,
            _held: held,
        })
    }

    /// Connects to where the peer listens.
    pub(super) async fn connect(to: SocketAddr, place: Place, callers: Callers) -> io::Result<Self> {
        let connected = timeout(CONNECT_LIMIT, TcpStream::connect(to)).await;
        let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Self::new(stream, Held::Dialed(place), callers, None)
    }

    /// Looks at what is sent.
    fn look_at(&self, message: &[u8]) {
        if is(message, BINDING_SUCCESS) {
            self.is_peer.store(true, Ordering::Relaxed);
        } else if !is_not_media(message) && !self.carries_media.swap(true, Ordering::Relaxed) {
            self.callers.note_stream();
        }
    }

    async fn read_some(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let until = match self.is_peer.load(Ordering::Relaxed) {
                true => Instant::now() + IDLE_LIMIT,
                false => self.opened + STRANGER_LIMIT,
            };
            let readable = timeout_at(until, self.incoming.readable()).await;
            readable.map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))??;
            if !self.is_admitted.load(Ordering::Relaxed) && !self.admit().await? {
                continue;
            }
            match self.incoming.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }

    /// Looks at the first packet where it lies: a check that only the peer can have signed, or nothing is read at all. `false`
    /// while it has not come whole.
    async fn admit(&self) -> io::Result<bool> {
        let mut first = [0; LENGTH + CHECK_MAX];
        let come = self.incoming.as_ref().peek(&mut first).await?;
        let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
        let Some((length, packet)) = first.get(..come).and_then(<[u8]>::split_first_chunk) else {
            return if come == 0 {
                Err(io::ErrorKind::UnexpectedEof.into())
            } else {
                self.wait_for_more().await
            };
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length > CHECK_MAX {
            return Err(refused());
        }
        let Some(check) = packet.get(..length) else { return self.wait_for_more().await };
        let is_peers = self.knowledge.as_ref().is_some_and(|known| known.is_genuine(check));
        if !is(check, BINDING_REQUEST) || !is_peers {
            return Err(refused());
        }
        self.is_admitted.store(true, Ordering::Relaxed);
        Ok(true)
    }

    /// What has come stays readable: there is nothing else to wait for than a moment.
    async fn wait_for_more(&self) -> io::Result<bool> {
        if self.opened.elapsed() > STRANGER_LIMIT {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        tokio::time::sleep(MORE_AFTER).await;
        Ok(false)
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
        self.look_at(framed.get(LENGTH..).unwrap_or_default());
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

#[cfg(test)]
mod tests {
    use super::{
        super::{nominate, stun::message},
        *,
    };
    use std::sync::Arc;
    use tokio::{net::TcpListener, sync::Semaphore};

    async fn pair(callers: &Callers) -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (accepted, there) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.expect("open");
        let knowledge = Knowledge::default();
        knowledge.set_local("v=0\r\na=ice-pwd:secret\r\n");
        let here = Stream::accepted(accepted.expect("a stream").0, place, callers.clone(), knowledge);
        (here.expect("a stream"), there.expect("a stream"))
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        let length = u16::try_from(message.len()).expect("short");
        [&length.to_be_bytes()[..], message].concat()
    }

    /// After how long nothing more is expected, of somebody who has said something.
    async fn left_after(stream: &Stream, there: &mut TcpStream) -> Duration {
        let (since, mut buffer) = (Instant::now(), [0; LENGTH + CHECK_MAX]);
        let check = framed(&nominate::check(&[]).expect("a check"));
        there.write_all(&check).await.expect("open");
        assert_eq!(stream.read_some(&mut buffer).await.expect("a check"), check.len());
        let error = stream.read_some(&mut buffer).await.expect_err("no more");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        since.elapsed()
    }

    #[tokio::test]
    async fn nothing_is_read_before_a_check_that_the_peer_has_signed() {
        let (stream, mut there) = pair(&Callers::default()).await;
        let check = framed(&nominate::check(&[]).expect("a check"));
        let mut buffer = [0; LENGTH + CHECK_MAX];
        let (read, ()) = tokio::join!(stream.read_some(&mut buffer), async {
            for piece in [&check[..1], &check[1..9], &check[9..]] {
                there.write_all(piece).await.expect("open");
                tokio::time::sleep(MORE_AFTER).await;
            }
        });
        assert_eq!(read.expect("a check"), check.len(), "though it comes in pieces");
        let forged = [&check[..check.len() - 12], &[0; 12]].concat();
        let too_long = (CHECK_MAX as u16 + 1).to_be_bytes();
        for word in [&forged[..], &framed(&message(BINDING_REQUEST, 1)), &framed(b"media"), &too_long] {
            let (stream, mut there) = pair(&Callers::default()).await;
            there.write_all(word).await.expect("open");
            let error = stream.read_some(&mut buffer).await.expect_err("a stranger");
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{word:?}");
        }
        let (stream, there) = pair(&Callers::default()).await;
        drop(there);
        assert_eq!(
            stream.read_some(&mut buffer).await.expect_err("gone").kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_is_left_soon_and_the_peer_when_the_call_is_given_up() {
        let callers = Callers::default();
        let (stream, mut there) = pair(&callers).await;
        let soon = STRANGER_LIMIT..STRANGER_LIMIT + Duration::from_secs(1);
        assert!(soon.contains(&left_after(&stream, &mut there).await));
        stream.write_all(&framed(&message(BINDING_SUCCESS, 1))).await.expect("taken");
        assert!(left_after(&stream, &mut there).await >= IDLE_LIMIT);
        assert!(!callers.needs_streams(), "connectivity checks are no call");
        stream.write_all(&framed(&[0x80, 0, 0, 0])).await.expect("taken");
        assert!(callers.needs_streams());
    }
}
