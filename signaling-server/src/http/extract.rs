//! Extractors whose refusals are JSON errors like all others.
use crate::error::ApiError;
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use eyeline_protocol::CallId;
use serde::de::DeserializeOwned;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Json::from_request(request, state).await.map(|Json(body)| Self(body)).map_err(refused)
    }
}

/// A JSON body that may be left out.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(rejection.status(), rejection.body_text()))?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        Json::from_bytes(&body).map(|Json(body)| Self(body)).map_err(refused)
    }
}

/// The parameters after the question mark.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri).map(|Query(params)| Self(params)).map_err(|rejection| {
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_query", rejection.body_text())
        })
    }
}

/// The call that a path names.
pub struct CallPath(pub CallId);

impl<S: Send + Sync> FromRequestParts<S> for CallPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Path::from_request_parts(parts, state).await.map(|Path(id)| Self(id)).map_err(|_| {
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_call_id", "a call's identifier is a UUID")
        })
    }
}

fn refused(rejection: JsonRejection) -> ApiError {
    let (status, text) = (rejection.status(), rejection.body_text());
    match status {
        StatusCode::UNPROCESSABLE_ENTITY => ApiError::new(status, "invalid_body", text),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::new(status, "unsupported_media_type", text),
        _ => unreadable(status, text),
    }
}

fn unreadable(status: StatusCode, text: String) -> ApiError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(status, "too_large", text),
        _ => ApiError::new(status, "bad_request", text),
    }
}
