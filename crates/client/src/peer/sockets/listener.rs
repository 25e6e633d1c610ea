//! Where the peer may connect to by TCP.
use super::{Boxed, Shared, callers::Callers, knowledge::Knowledge, stream::Stream};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use webrtc::runtime::{AsyncTcpListener, AsyncTcpStream};

/// Connections that are accepted at a time, from whomever: who is not the peer says nothing that ICE believes, and is
/// closed soon.
const STREAMS_MAX: usize = 16;

/// Rest after one could not be accepted.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Accepts connections.
#[derive(Debug)]
pub(super) struct Listener {
    inner: TcpListener,
    places: Arc<Semaphore>,
    callers: Callers,
    knowledge: Knowledge,
}

impl Listener {
    /// On a socket that listens and does not block.
    pub(super) fn new(listener: std::net::TcpListener, shared: &Shared) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(STREAMS_MAX));
        let (callers, knowledge) = (shared.callers.clone(), shared.knowledge.clone());
        Ok(Self { inner: TcpListener::from_std(listener)?, places, callers, knowledge })
    }
}

impl AsyncTcpListener for Listener {
    fn accept(&self) -> Boxed<'_, io::Result<(Arc<dyn AsyncTcpStream>, SocketAddr)>> {
        Box::pin(async move {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
            let accepted = self.inner.accept().await;
            if accepted.is_err() {
                // As where there are no more descriptors; webrtc-rs asks again at once.
                tokio::time::sleep(AFTER_ERROR).await;
            }
            let (stream, from) = accepted?;
            let stream = Stream::accepted(stream, place, self.callers.clone(), self.knowledge.clone())?;
            Ok((Arc::new(stream) as Arc<dyn AsyncTcpStream>, from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}
