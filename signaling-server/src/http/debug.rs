//! The public contract's two debug endpoints, about a person's own calls.
use super::extract::CallPath;
use crate::{app::App, auth::SignedIn, clock, error::ApiError, storage::CallRecord};
use axum::{Json, extract::State};
use eyeline_protocol::{CallId, rest::CallStatus, signal::ConnectionState, stats::WebRtcStats};
use serde::Serialize;
use std::collections::BTreeMap;

/// How the connection of one call fares.
#[derive(Serialize)]
pub struct Connection {
    call_id: CallId,
    connection_state: ConnectionState,
    ice_candidates_count: usize,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Stats::is_empty")]
    stats: Stats,
}

/// The newest figures that each member has reported; absent before the first.
#[derive(Serialize)]
struct Stats {
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<Box<WebRtcStats>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callee: Option<Box<WebRtcStats>>,
}

impl Stats {
    fn is_empty(&self) -> bool {
        self.caller.is_none() && self.callee.is_none()
    }
}

/// The connections of all live calls.
#[derive(Serialize)]
pub struct Connections {
    total_calls: usize,
    connections: BTreeMap<CallId, Connection>,
}

pub async fn connection_state(
    State(app): State<App>,
    who: SignedIn,
    CallPath(id): CallPath,
) -> Result<Json<Connection>, ApiError> {
    let call = app.switchboard.member_call(id, who.user).await?;
    Ok(Json(connection(&app, &call)))
}

pub async fn active_connections(
    State(app): State<App>,
    who: SignedIn,
) -> Result<Json<Connections>, ApiError> {
    let calls = app.storage.live_calls(who.user).await?;
    let connections: BTreeMap<_, _> = calls.iter().map(|call| (call.id, connection(&app, call))).collect();
    Ok(Json(Connections { total_calls: connections.len(), connections }))
}

fn connection(app: &App, call: &CallRecord) -> Connection {
    let changed_at = call.ended_at.or(call.accepted_at).unwrap_or(call.created_at);
    let untouched = match call.status {
        CallStatus::Pending | CallStatus::Ongoing => ConnectionState::New,
        CallStatus::Ended => ConnectionState::Closed,
    };
    let room = app.rooms.state(call.id);
    let [caller, callee] = app.rooms.stats(call.id);
    Connection {
        call_id: call.id,
        connection_state: room.map_or(untouched, |room| room.connection),
        ice_candidates_count: room.map_or(0, |room| room.candidates),
        created_at: clock::rfc3339(call.created_at),
        updated_at: clock::rfc3339(room.map_or(changed_at, |room| room.updated_at.max(changed_at))),
        stats: Stats { caller, callee },
    }
}
