//! One WebSocket connection to the server.
use super::{Api, SignalingError, dial::dial, nudge::Nudged};
use crate::tls::{Duplex, secure};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::{io, mem, net::IpAddr, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::AUTHORIZATION},
        protocol::WebSocketConfig,
    },
};

/// Longest wait for the socket to open.
const OPEN_LIMIT: Duration = Duration::from_secs(8);
/// A server that says nothing for this long is asked whether it is there: a network that went away says nothing either,
/// and a call that looks for a new path needs the server.
const SILENCE_LIMIT: Duration = Duration::from_secs(5);
/// A server that does not answer that within this is gone: two retransmissions of TCP on a slow path.
const PONG_LIMIT: Duration = Duration::from_secs(5);
/// The same for a server that is asked because the path may just have been cut: one retransmission of TCP. An ICE
/// restart waits for what comes of it.
const DOUBTED_PONG_LIMIT: Duration = Duration::from_secs(2);
/// A server that has spoken within this is there and need not be asked: so a socket that was just opened, however slow the
/// path, is not asked by what its own opening set off.
const JUST_HEARD: Duration = Duration::from_secs(1);
/// Longest message that is read: an SDP of 64 KiB as JSON, with room for its escapes.
const MESSAGE_MAX_BYTES: usize = 256 * 1024;

/// An open socket.
pub(super) struct Socket {
    stream: WebSocketStream<Box<dyn Duplex>>,
    /// When to ask, or where asked, when to give up.
    deadline: Instant,
    asked: bool,
    /// This end of the connection.
    local: IpAddr,
    nudged: Nudged,
}

/// The socket is no longer open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// It broke, or the server closed it for a reason that may pass.
    Lost,
    /// Another connection of this device has taken its place.
    Superseded,
}

/// The server's close code for a socket in whose place the same device has opened another.
const SUPERSEDED: u16 = 4409;

impl Socket {
    /// Opens `path` with the session's access token, renewed once where the server finds it stale.
    pub(super) async fn open(api: &Api, path: &str, nudged: &Nudged) -> Result<Self, SignalingError> {
        let token = api.access_token();
        match Self::attempt(api, path, &token, nudged).await {
            Err(SignalingError::Refused { status: 401, .. }) => {
                Self::attempt(api, path, &api.renew(&token).await?, nudged).await
            }
            other => other,
        }
    }

    async fn attempt(api: &Api, path: &str, token: &str, nudged: &Nudged) -> Result<Self, SignalingError> {
        let unreachable = |e: String| SignalingError::Unreachable(e);
        let url = api.server().websocket(path);
        let mut request = url.as_str().into_client_request().map_err(|e| unreachable(e.to_string()))?;
        let bearer =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|e| unreachable(e.to_string()))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES));
        let mut nudged = nudged.clone();
        let limit = Instant::now() + OPEN_LIMIT;
        let stream = match timeout_at(limit, dial(&url, &mut nudged)).await {
            Ok(stream) => stream.map_err(|e| unreachable(e.to_string()))?,
            Err(_) => return Err(unreachable("timed out".into())),
        };
        let local = stream.local_addr().map_err(|e| unreachable(e.to_string()))?.ip();
        let opening = async {
            let stream: Box<dyn Duplex> = match url.scheme() {
                "wss" => {
                    secure(stream, url.host_str().unwrap_or_default()).await.map_err(io::Error::other)?
                }
                _ => Box::new(stream),
            };
            client_async_with_config(request, stream, Some(config)).await
        };
        let opened = tokio::select! {
            opened = timeout_at(limit, opening) => opened,
            () = gone(local, &mut nudged) => return Err(unreachable("the network has changed".into())),
        };
        match opened {
            Ok(Ok((stream, _))) => {
                Ok(Self { stream, deadline: Instant::now() + SILENCE_LIMIT, asked: false, local, nudged })
            }
            Ok(Err(Error::Http(response))) => Err(SignalingError::of_upgrade(&response)),
            Ok(Err(error)) => Err(unreachable(error.to_string())),
            Err(_) => Err(unreachable("timed out".into())),
        }
    }

    /// Sends one text frame.
    pub(super) async fn send(&mut self, text: String) -> Result<(), Closed> {
        self.write(Message::text(text)).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Closed> {
        // A peer that no longer reads fills the buffers of TCP; then this would wait for minutes.
        match timeout(PONG_LIMIT, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Closed::Lost),
        }
    }

    /// Asks the server whether it is there, and gives it so long; no longer than before where it is asked already.
    async fn ask(&mut self, limit: Duration) -> Result<(), Closed> {
        let deadline = Instant::now() + limit;
        self.deadline =
            if mem::replace(&mut self.asked, true) { self.deadline.min(deadline) } else { deadline };
        self.write(Message::Ping(Bytes::new())).await
    }

    /// Waits for the next text frame. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<String, Closed> {
        loop {
            let said = tokio::select! {
                said = timeout_at(self.deadline, self.stream.next()) => said,
                () = self.nudged.next() => {
                    if self.nudged.is_gone(self.local) {
                        return Err(Closed::Lost);
                    }
                    let heard = !self.asked && self.deadline + JUST_HEARD > Instant::now() + SILENCE_LIMIT;
                    if !heard {
                        self.ask(DOUBTED_PONG_LIMIT).await?;
                    }
                    continue;
                }
            };
            let Ok(said) = said else {
                if self.asked {
                    return Err(Closed::Lost);
                }
                self.ask(PONG_LIMIT).await?;
                continue;
            };
            (self.deadline, self.asked) = (Instant::now() + SILENCE_LIMIT, false);
            match said {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == SUPERSEDED => {
                    return Err(Closed::Superseded);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Closed::Lost),
            }
        }
    }
}

/// Waits until this machine has lost the address.
async fn gone(local: IpAddr, nudged: &mut Nudged) {
    while !nudged.is_gone(local) {
        nudged.next().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::{fake::FakeServer, nudge::Nudge};

    #[tokio::test]
    async fn a_token_refused_in_a_body_that_is_still_on_its_way_is_renewed() {
        let server = FakeServer::start().await;
        let api = server.api("old").await;
        let nudged = Nudge::default().listen();
        let serve = async {
            let first = server.request().await;
            assert_eq!((first.path(), first.bearer()), ("/ws/events", Some("old")));
            let _open = first.begin_answer("401 Unauthorized\r\ncontent-type: application/json").await;
            let refresh = server.request().await;
            assert_eq!(refresh.path(), "/auth/refresh");
            refresh.grant("new").await;
            let second = server.request().await;
            assert_eq!(second.bearer(), Some("new"));
            second.upgrade().await
        };
        let (opened, _socket) = tokio::join!(Socket::open(&api, "/ws/events", &nudged), serve);
        assert!(opened.is_ok(), "{:?}", opened.err());
    }
}
