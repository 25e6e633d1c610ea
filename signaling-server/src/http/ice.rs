//! `/ice-servers`.
use crate::{app::App, auth::SignedIn, clock, ice};
use axum::{Json, extract::State};
use eyeline_protocol::rest::IceServers;

pub async fn servers(State(app): State<App>, who: SignedIn) -> Json<IceServers> {
    Json(ice::servers(&app.config.stun, app.config.turn.as_ref(), who.user, clock::now()))
}
