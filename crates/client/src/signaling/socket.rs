//! One WebSocket connection to the server.
use super::{Api, SignalingError, api::refusal};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::{mem, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
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
/// Longest message that is read: an SDP of 64 KiB as JSON, with room for its escapes.
const MESSAGE_MAX_BYTES: usize = 256 * 1024;

/// An open socket.
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// When to ask, or where asked, when to give up.
    deadline: Instant,
    asked: bool,
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
    pub(super) async fn open(api: &Api, path: &str) -> Result<Self, SignalingError> {
        let token = api.access_token();
        match Self::attempt(api, path, &token).await {
            Err(SignalingError::Refused { status: 401, .. }) => {
                Self::attempt(api, path, &api.renew(&token).await?).await
            }
            other => other,
        }
    }

    async fn attempt(api: &Api, path: &str, token: &str) -> Result<Self, SignalingError> {
        let unreachable = |e: String| SignalingError::Unreachable(e);
        let mut request = api
            .server()
            .websocket(path)
            .as_str()
            .into_client_request()
            .map_err(|e| unreachable(e.to_string()))?;
        let bearer =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|e| unreachable(e.to_string()))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX_BYTES));
        match timeout(OPEN_LIMIT, connect_async_with_config(request, Some(config), true)).await {
            Ok(Ok((stream, _))) => {
                Ok(Self { stream, deadline: Instant::now() + SILENCE_LIMIT, asked: false })
            }
            Ok(Err(Error::Http(response))) => {
                let status = response.status();
                Err(refusal(status, response.body().as_deref().unwrap_or_default()))
            }
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

    /// Waits for the next text frame. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<String, Closed> {
        loop {
            let Ok(said) = timeout_at(self.deadline, self.stream.next()).await else {
                if mem::replace(&mut self.asked, true) {
                    return Err(Closed::Lost);
                }
                self.deadline = Instant::now() + PONG_LIMIT;
                self.write(Message::Ping(Bytes::new())).await?;
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
