//! What a client is told when something is refused: one shape for every error.
use crate::storage::StorageError;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use eyeline_protocol::rest::{Call, ErrorBody, ErrorDetail};
use serde::Serialize;
use std::any::Any;

/// A refusal.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    call: Option<Box<Call>>,
    retry_after_s: Option<u64>,
}

/// [`ErrorBody`], and beside it the call as it now is, where a call's state was the reason.
#[derive(Serialize)]
struct Body {
    #[serde(flatten)]
    error: ErrorBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Box<Call>>,
}

impl ApiError {
    /// A refusal with this status, code (`snake_case`, for programs) and message (for people).
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), call: None, retry_after_s: None }
    }

    /// 401: sign in, or refresh, first.
    pub fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 429: come back in so many seconds.
    pub fn too_many(wait_s: u64) -> Self {
        let message = format!("too many attempts; try again in {wait_s} s");
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        Self { retry_after_s: Some(wait_s), ..error }
    }

    /// 500. The cause is for the log and not for the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server could not do this")
    }

    /// Adds the call as it now is, so that the loser of a race learns what won.
    #[must_use]
    pub fn with_call(mut self, call: Call) -> Self {
        self.call = Some(Box::new(call));
        self
    }

    /// What a program can act on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What a person can read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = ErrorBody { error: ErrorDetail { code: self.code.into(), message: self.message } };
        let mut response = (self.status, Json(Body { error, call: self.call })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait_s) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
        }
        response
    }
}

/// The answer where a handler panicked.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}
