//! `WS /ws/events`: what happens, told to one device of a person.
use super::{
    Upgrade, lease,
    outbox::{Close, Outbox},
    relay,
    socket::{self, Handler, Reply},
};
use crate::{app::App, auth::SignedIn, bus::Topic, clock, error::ApiError, storage::Profile};
use axum::{
    extract::{State, ws::Utf8Bytes},
    response::Response,
};
use eyeline_protocol::{
    event::{ClientEvent, Event},
    rest::User,
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// Largest message in bytes: an access token and its frame are below 1 KiB.
const MESSAGE_MAX: usize = 16 * 1024;
/// Messages a second that a socket may send for long; each may cost a look into the database.
const RATE: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// Messages that it may send at once.
const BURST: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// A socket is told this long before its token expires.
const WARNING: Duration = Duration::from_secs(60);
/// When clients come back after a restart.
const RETRY_AFTER_MS: u64 = 1000;

/// Opens a device's event socket.
///
/// # Errors
/// 401 and 426.
pub async fn open(State(app): State<App>, upgrade: Upgrade) -> Result<Response, ApiError> {
    let who = upgrade.who;
    let profile = app.storage.profile(who.user).await?.ok_or_else(crate::calls::no_such_user)?;
    let ws = socket::limited(upgrade.into_websocket()?, MESSAGE_MAX);
    let tracker = app.sockets.clone();
    Ok(ws.on_upgrade(move |ws| {
        tracker.track_future(async move {
            let (outbox, inbox) = Outbox::new();
            let _present = app.presence.connect(who.user, who.device);
            let topics = [Topic::User(who.user), Topic::Device(who.device), Topic::Everyone];
            // Subscribed before the state is read, nothing falls between; sent after it, what changed meanwhile finds
            // the client prepared, and a call's version tells which of two views is newer.
            let _subscription = app.bus.subscribe(&topics, &outbox);
            let greeting = match lease::confirm(&app.sessions, who.device, &outbox).await {
                true => match welcome(&app, profile).await {
                    Ok(welcome) => Some(welcome),
                    Err(error) => return tracing::error!(error = error.message(), "no welcome"),
                },
                false => None,
            };
            let shutdown = app.shutdown.clone();
            socket::run(ws, inbox, shutdown, Events::new(app, who, greeting)).await;
        })
    }))
}

async fn welcome(app: &App, profile: Profile) -> Result<Utf8Bytes, ApiError> {
    let calls = app.storage.live_calls(profile.id).await?;
    let user = User {
        presence: app.presence.of(profile.id),
        id: profile.id,
        username: profile.username,
        display_name: profile.display_name,
    };
    let calls = calls.iter().map(|call| app.switchboard.view(call)).collect();
    Ok(Event::Welcome { user, calls }.encode().into())
}

struct Events {
    app: App,
    who: SignedIn,
    expires: Instant,
    warned: bool,
    greeting: Option<Utf8Bytes>,
    limit: DefaultDirectRateLimiter,
}

impl Events {
    fn new(app: App, who: SignedIn, greeting: Option<Utf8Bytes>) -> Self {
        let limit = RateLimiter::direct(Quota::per_second(RATE).allow_burst(BURST));
        Self { app, who, expires: lease::expiry(who), warned: false, greeting, limit }
    }

    async fn take(&mut self, text: &str) -> Result<(), (&'static str, String)> {
        if self.limit.check().is_err() {
            return Err(("rate_limited", format!("more than {RATE} messages a second")));
        }
        let event = ClientEvent::decode(text).map_err(|error| (relay::code(&error), error.to_string()))?;
        match event {
            ClientEvent::Token { access_token } => {
                let claims = self.app.sessions.check(&access_token, clock::now()).await;
                let who =
                    claims.map(SignedIn::from).map_err(|error| (error.code(), error.message().into()))?;
                if (who.user, who.device) != (self.who.user, self.who.device) {
                    return Err(("bad_token", "the token names another device".into()));
                }
                (self.expires, self.warned) = (lease::expiry(who), false);
                Ok(())
            }
            ClientEvent::Ringing { call_id } => {
                let call = self.app.switchboard.member_call(call_id, self.who.user).await;
                let call = call.map_err(|error| (error.code(), error.message().to_owned()))?;
                tracing::debug!(call = %call.id, device = %self.who.device, "shown to the callee");
                Ok(())
            }
        }
    }
}

impl Handler for Events {
    fn greeting(&mut self) -> Option<Utf8Bytes> {
        self.greeting.take()
    }

    async fn text(&mut self, text: &str) -> Reply {
        match self.take(text).await {
            Ok(()) => Reply::None,
            Err((code, message)) => {
                Reply::Refuse(Event::Error { code: code.into(), message }.encode().into())
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let warning = self.expires.checked_sub(WARNING).unwrap_or(self.expires);
        Some(if self.warned { self.expires } else { warning })
    }

    async fn on_deadline(&mut self) -> Reply {
        if self.warned {
            return Reply::Close(Close::SignedOut);
        }
        self.warned = true;
        let left = self.expires.saturating_duration_since(Instant::now());
        let expires_in_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        Reply::Send(Event::TokenExpiring { expires_in_ms }.encode().into())
    }

    fn farewell(&self) -> Option<Utf8Bytes> {
        Some(Event::ServerShutdown { retry_after_ms: RETRY_AFTER_MS }.encode().into())
    }
}
