//! The REST interface: routes, and how requests become calls into the domain. The table of routes is in
//! `eyeline_protocol::rest`.
mod auth;
mod calls;
mod debug;
mod extract;
mod ice;
mod limit;
mod users;

pub use extract::CallPath;
pub use limit::AddressLimit;

use crate::{
    app::App,
    error::{self, ApiError},
    ws,
};
use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, Method, StatusCode, header},
    middleware,
    routing::{get, post},
};
use serde_json::{Value, json};
use std::time::Duration;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any, CorsLayer},
};

/// Largest request body in bytes; the largest legitimate one is a registration.
const BODY_MAX: usize = 16 * 1024;

/// All routes.
pub fn router(app: App) -> Router {
    let signing_in = Router::new()
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route_layer(middleware::from_fn_with_state(app.clone(), limit::sign_in_by_address));
    let signed_in = Router::new()
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/logout", post(auth::logout))
        .route_layer(middleware::from_fn_with_state(app.clone(), limit::refresh_by_address));
    Router::new()
        .merge(signing_in)
        .merge(signed_in)
        .route("/users/me", get(users::me))
        .route("/users", get(users::find))
        .route("/calls/initiate", post(calls::initiate))
        .route("/calls/accept/{call_id}", post(calls::accept))
        .route("/calls/decline/{call_id}", post(calls::decline))
        .route("/calls/cancel/{call_id}", post(calls::cancel))
        .route("/calls/end/{call_id}", post(calls::end))
        .route("/calls/active", get(calls::active))
        .route("/calls/history", get(calls::history))
        .route("/calls/{call_id}", get(calls::one))
        .route("/ice-servers", get(ice::servers))
        .route("/ws/events", get(ws::events::open))
        .route("/ws/webrtc/{call_id}", get(ws::relay::open))
        .route("/ws/webrtc/connection-state/{call_id}", get(debug::connection_state))
        .route("/ws/webrtc/active-connections", get(debug::active_connections))
        .route("/healthz", get(healthz))
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is no such address") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "not by this method")
        })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(cors())
        .with_state(app)
}

/// Every origin may call: a request proves itself by a token that a page must have been given, never by a cookie that a
/// browser adds by itself.
fn cors() -> CorsLayer {
    const ALLOWED: [HeaderName; 2] = [header::AUTHORIZATION, header::CONTENT_TYPE];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(ALLOWED)
        .max_age(Duration::from_secs(3600))
}

/// Whether the process serves. A look into the database is readiness, and not asked for here.
async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
