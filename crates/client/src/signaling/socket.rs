//! One WebSocket connection to the server.
use super::{Api, SignalingError, api::refusal};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
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
/// A server that says nothing for this long is gone: it pings every 20 s.
const SILENCE_LIMIT: Duration = Duration::from_secs(50);
/// Longest message that is read: an SDP of 64 KiB as JSON, with room for its escapes.
const MESSAGE_MAX_BYTES: usize = 256 * 1024;

/// An open socket.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// The socket is no longer open.
#[derive(Debug)]
pub(super) struct Closed;

impl Socket {
    /// Opens `path` with the session's access token, renewed once where the server finds it stale.
    pub(super) async fn open(api: &Api, path: &str) -> Result<Self, SignalingError> {
        let token = api.session().borrow().access_token.clone();
        match Self::attempt(api, path, &token).await {
            Err(SignalingError::Refused { status: 401, .. }) => {
                api.renew(&token).await?;
                let fresh = api.session().borrow().access_token.clone();
                Self::attempt(api, path, &fresh).await
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
            Ok(Ok((stream, _))) => Ok(Self(stream)),
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
        self.0.send(Message::text(text)).await.map_err(|_| Closed)
    }

    /// Waits for the next text frame. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<String, Closed> {
        loop {
            match timeout(SILENCE_LIMIT, self.0.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.as_str().to_owned()),
                Ok(Some(Ok(
                    Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_),
                ))) => {}
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return Err(Closed),
            }
        }
    }

    /// Closes in order; the server sees that this was meant.
    pub(super) async fn close(mut self) {
        let _ = timeout(Duration::from_secs(1), self.0.close(None)).await;
    }
}
