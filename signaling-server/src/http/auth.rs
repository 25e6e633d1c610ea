//! `/auth/*`.
use super::extract::Body;
use crate::{app::App, clock, error::ApiError};
use axum::{
    Json,
    extract::{ConnectInfo, State},
    http::StatusCode,
};
use eyeline_protocol::rest::{Login, Refresh, Register, Session};
use std::net::SocketAddr;

pub async fn register(
    State(app): State<App>,
    Body(request): Body<Register>,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    let session = app.sessions.register(request, clock::now()).await?;
    Ok((StatusCode::CREATED, Json(session)))
}

pub async fn login(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(request): Body<Login>,
) -> Result<Json<Session>, ApiError> {
    app.sessions.login(request, peer.ip(), clock::now()).await.map(Json)
}

pub async fn refresh(
    State(app): State<App>,
    Body(request): Body<Refresh>,
) -> Result<Json<Session>, ApiError> {
    app.sessions.refresh(&request, clock::now()).await.map(Json)
}

pub async fn logout(State(app): State<App>, Body(request): Body<Refresh>) -> Result<StatusCode, ApiError> {
    app.sessions.logout(&request, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
