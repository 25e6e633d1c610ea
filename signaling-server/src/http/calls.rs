//! `/calls/*`.
use super::extract::{Body, CallPath, OptionalBody, Params};
use crate::{
    app::App,
    auth::{SignedIn, fold_username},
    calls::{Actor, no_such_user},
    error::ApiError,
    storage::{CallRecord, Profile},
};
use axum::{Json, extract::State, http::StatusCode};
use eyeline_protocol::{
    CallId,
    rest::{Call, End, EndReason, History, Initiate},
};
use serde::Deserialize;

/// Calls on a page of the history.
const PAGE: u32 = 50;
/// Most calls on a page.
const PAGE_MAX: u32 = 200;

type Answer = Result<Json<Call>, ApiError>;

pub async fn initiate(
    State(app): State<App>,
    who: SignedIn,
    Body(request): Body<Initiate>,
) -> Result<(StatusCode, Json<Call>), ApiError> {
    let callee = callee(&app, request).await?;
    if callee.id == who.user {
        return Err(unprocessable("call_to_self", "you cannot call yourself"));
    }
    let (call, new) = app.switchboard.initiate(actor(who), callee).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, view(&app, &call)))
}

pub async fn accept(State(app): State<App>, who: SignedIn, CallPath(id): CallPath) -> Answer {
    Ok(view(&app, &app.switchboard.accept(id, actor(who)).await?))
}

pub async fn decline(State(app): State<App>, who: SignedIn, CallPath(id): CallPath) -> Answer {
    Ok(view(&app, &app.switchboard.decline(id, actor(who)).await?))
}

pub async fn cancel(State(app): State<App>, who: SignedIn, CallPath(id): CallPath) -> Answer {
    Ok(view(&app, &app.switchboard.cancel(id, actor(who)).await?))
}

pub async fn end(
    State(app): State<App>,
    who: SignedIn,
    CallPath(id): CallPath,
    OptionalBody(End { reason }): OptionalBody<End>,
) -> Answer {
    let call = match reason.unwrap_or(EndReason::Hangup) {
        EndReason::Busy => app.switchboard.busy(id, actor(who)).await?,
        reason => app.switchboard.end(id, actor(who), reason).await?,
    };
    Ok(view(&app, &call))
}

pub async fn active(State(app): State<App>, who: SignedIn) -> Result<Json<Vec<Call>>, ApiError> {
    let calls = app.storage.live_calls(who.user).await?;
    Ok(Json(calls.iter().map(|call| app.switchboard.view(call)).collect()))
}

#[derive(Deserialize)]
pub struct Page {
    before: Option<CallId>,
    limit: Option<u32>,
}

pub async fn history(
    State(app): State<App>,
    who: SignedIn,
    Params(page): Params<Page>,
) -> Result<Json<History>, ApiError> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    // One more than asked for tells whether there is a next page.
    let mut calls = app.storage.ended_calls(who.user, page.before, limit + 1).await?;
    let more = calls.len() > limit as usize;
    calls.truncate(limit as usize);
    Ok(Json(History {
        next_before: calls.last().map(|call| call.id).filter(|_| more),
        calls: calls.iter().map(|call| app.switchboard.view(call)).collect(),
    }))
}

pub async fn one(State(app): State<App>, who: SignedIn, CallPath(id): CallPath) -> Answer {
    Ok(view(&app, &app.switchboard.member_call(id, who.user).await?))
}

async fn callee(app: &App, request: Initiate) -> Result<Profile, ApiError> {
    let found = match (request.callee_id, request.callee) {
        (Some(id), None) => app.storage.profile(id).await?,
        (None, Some(name)) => {
            app.storage.account(&fold_username(&name)).await?.map(|account| account.profile)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(unprocessable(
                "invalid_body",
                "exactly one of callee_id and callee names whom to call",
            ));
        }
    };
    found.ok_or_else(no_such_user)
}

fn actor(who: SignedIn) -> Actor {
    Actor { user: who.user, device: who.device }
}

fn view(app: &App, call: &CallRecord) -> Json<Call> {
    Json(app.switchboard.view(call))
}

fn unprocessable(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}
