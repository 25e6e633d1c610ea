//! The loopback WebSocket server.
use super::{gate, hub::Hub, session, token::Tokens};
use eyeline_client::viewer::Side;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::WebSocketConfig,
    },
};

/// Sockets at a time, those included that never finish their handshake: two are in use, a reload doubles them.
const MOST_SOCKETS: usize = 8;
/// Who has a token asks for the upgrade at once.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// The wishes of the UI are short.
const MOST_FROM_UI: usize = 4096;
/// What the system may hold back for a UI that takes nothing: a second of encoded video. Beyond it our own queue drops.
const SEND_BUFFER: u32 = 128 * 1024;
/// Between two attempts to accept where the system refuses one: too short for a person to miss the picture.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that the system may keep waiting.
const BACKLOG: u32 = 16;

/// Where the UI gets pictures from.
#[derive(Debug)]
pub struct Feed {
    hub: Arc<Hub>,
    address: SocketAddr,
    tokens: Mutex<Tokens>,
}

impl Feed {
    /// Listens on a free port of this machine's loopback address.
    ///
    /// # Errors
    /// The system's refusal.
    pub async fn start(hub: Arc<Hub>) -> io::Result<Arc<Self>> {
        let socket = TcpSocket::new_v4()?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(BACKLOG)?;
        let feed = Arc::new(Self { hub, address: listener.local_addr()?, tokens: Mutex::default() });
        tokio::spawn(Arc::clone(&feed).listen(listener));
        Ok(feed)
    }

    /// An address at which the pictures of one side can be had, once, soon.
    #[must_use]
    pub fn open(&self, side: Side) -> String {
        let token = self.tokens().issue(side, now());
        format!("ws://{}{}?token={token}", self.address, gate::path(side))
    }

    async fn listen(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MOST_SOCKETS));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let feed = Arc::clone(&self);
                    tokio::spawn(async move {
                        feed.serve(stream).await;
                        drop(place);
                    });
                }
                // Such as: too many open files. No system tells when there is room again, and an attempt that fails
                // leaves the listener readable: without a pause this would spin.
                Err(error) => {
                    tracing::warn!(%error, "feed: cannot accept");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn serve(&self, stream: TcpStream) {
        let mut side = None;
        #[expect(clippy::result_large_err, reason = "tungstenite's callback has this signature")]
        let check = |request: &Request, response: Response| {
            side = gate::admit(request.uri(), request.headers(), &mut self.tokens(), now());
            if side.is_some() { Ok(response) } else { Err(refusal()) }
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST_FROM_UI))
            .max_frame_size(Some(MOST_FROM_UI));
        let shaken =
            timeout(HANDSHAKE_LIMIT, accept_hdr_async_with_config(stream, check, Some(config))).await;
        let (Ok(Ok(socket)), Some(side)) = (shaken, side) else {
            tracing::debug!("feed: a connection was refused");
            return;
        };
        let outcome = session::serve(socket, self.hub.lane(side).sit()).await;
        tracing::debug!(?side, ?outcome, "feed: closed");
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal() -> ErrorResponse {
    let mut response = ErrorResponse::new(None);
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokens expire by the real clock; this is the shell around them"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
