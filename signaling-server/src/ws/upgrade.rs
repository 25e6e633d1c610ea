//! A WebSocket request of a signed-in person.
use crate::{
    app::App,
    auth::{self, SignedIn},
    error::ApiError,
};
use axum::{
    extract::{
        FromRequestParts, Query,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::Deserialize;

/// The subprotocol under which a browser, which cannot set headers, names its token: `["bearer", TOKEN]`.
const SUBPROTOCOL: &str = "bearer";

/// A request that carries a valid access token in one of the three permitted places, and may become a WebSocket.
pub struct Upgrade {
    /// Who asks.
    pub who: SignedIn,
    ws: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
}

#[derive(Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

impl FromRequestParts<App> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<TokenQuery>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.token);
        let token = auth::from_header(&parts.headers)
            .or_else(|| from_subprotocol(&parts.headers))
            .or(query.as_deref());
        let who = auth::check(app, token).await?;
        let ws = WebSocketUpgrade::from_request_parts(parts, app).await;
        Ok(Self { who, ws: ws.map(|ws| ws.protocols([SUBPROTOCOL])) })
    }
}

impl Upgrade {
    /// The handshake.
    ///
    /// # Errors
    /// 426 `upgrade_required` where the request is not one for a WebSocket.
    pub fn into_websocket(self) -> Result<WebSocketUpgrade, ApiError> {
        self.ws.map_err(|rejection| {
            ApiError::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", rejection.body_text())
        })
    }
}

fn from_subprotocol(headers: &HeaderMap) -> Option<&str> {
    let mut list = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?.split(',').map(str::trim);
    list.find(|protocol| *protocol == SUBPROTOCOL)?;
    list.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(list: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(header::SEC_WEBSOCKET_PROTOCOL, list.parse().unwrap())]);
        from_subprotocol(&headers).map(String::from)
    }

    #[test]
    fn the_token_follows_the_bearer_subprotocol() {
        assert_eq!(with("bearer, a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(with("chat,bearer,a.b.c").as_deref(), Some("a.b.c"));
        assert_eq!(with("bearer"), None);
        assert_eq!(with("a.b.c"), None);
    }
}
