//! `/users*`.
use super::extract::Params;
use crate::{app::App, auth::SignedIn, calls::no_such_user, error::ApiError, storage::Profile};
use axum::{Json, extract::State};
use eyeline_protocol::rest::User;
use serde::Deserialize;

/// Most people in one answer.
const FOUND_MAX: u32 = 100;

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    query: String,
}

pub async fn me(State(app): State<App>, who: SignedIn) -> Result<Json<User>, ApiError> {
    let profile = app.storage.profile(who.user).await?.ok_or_else(no_such_user)?;
    Ok(Json(with_presence(&app, profile)))
}

pub async fn find(
    State(app): State<App>,
    who: SignedIn,
    Params(search): Params<Search>,
) -> Result<Json<Vec<User>>, ApiError> {
    let found = app.storage.find_profiles(search.query.trim(), who.user, FOUND_MAX).await?;
    Ok(Json(found.into_iter().map(|profile| with_presence(&app, profile)).collect()))
}

fn with_presence(app: &App, profile: Profile) -> User {
    User {
        presence: app.presence.of(profile.id),
        id: profile.id,
        username: profile.username,
        display_name: profile.display_name,
    }
}
