//! The signed-in person behind a request.
use super::Claims;
use crate::{app::App, clock, error::ApiError};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use eyeline_protocol::{DeviceId, UserId};

/// Proof that the request carries a valid access token.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn {
    /// The person.
    pub user: UserId,
    /// The person's device.
    pub device: DeviceId,
    /// When the token expires, seconds since the Unix epoch.
    pub expires_at_s: i64,
}

impl From<Claims> for SignedIn {
    fn from(claims: Claims) -> Self {
        Self { user: claims.sub, device: claims.device, expires_at_s: claims.exp }
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        check(app, from_header(&parts.headers)).await
    }
}

/// Checks the access token, where there is one.
///
/// # Errors
/// 401.
pub async fn check(app: &App, token: Option<&str>) -> Result<SignedIn, ApiError> {
    let token = token.ok_or_else(|| ApiError::unauthorized("no_token", "an access token is needed"))?;
    app.sessions.check(token, clock::now()).await.map(SignedIn::from)
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
#[must_use]
pub fn from_header(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
