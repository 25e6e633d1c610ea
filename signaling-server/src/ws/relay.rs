//! `WS /ws/webrtc/{call_id}`: the negotiation of a call, between its two members only, each on the device that is in the
//! call. While it rings, the callee's devices wait for that.
//!
//! The protocol has no message with which a client could renew its access token. So a socket outlives its token: at the
//! time at which an access token expires, and again each time another would have, the server looks whether the device
//! is still signed in, and closes the socket (4401) where it is not.
use super::{
    Upgrade, lease,
    outbox::{Close, Outbox, Outgoing},
    room::{Side, TooManyCandidates},
    socket::{self, Handler, Reply},
};
use crate::{
    app::App, bus::Topic, calls::Actor, clock, error::ApiError, http::CallPath, storage::CallRecord,
};
use axum::{extract::State, response::Response};
use eyeline_protocol::{
    CallId, DecodeError, DeviceId,
    report::Report,
    signal::{CANDIDATES_MAX, SDP_MAX_BYTES, Signal},
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// Largest message in bytes: the largest SDP, whose every line end JSON makes twice as long, with room for its frame.
const MESSAGE_MAX: usize = 2 * SDP_MAX_BYTES;
/// Messages a second that a socket may send for long: a negotiation takes a few dozen in all.
const RATE: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Messages that it may send at once: all candidates of a negotiation, and what goes with them.
const BURST: NonZeroU32 = NonZeroU32::new(CANDIDATES_MAX as u32 + 50).unwrap();

/// Shortest time between two looks at whether a device is signed in, however short the life of a token.
const LOOK_AGAIN_MIN: Duration = Duration::from_secs(1);

/// Opens a member's signaling socket.
///
/// # Errors
/// 401, 403, 404, 409 `already_ended`, `answered_elsewhere` or `on_another_device`, 426.
pub async fn open(
    State(app): State<App>,
    CallPath(id): CallPath,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let who = upgrade.who;
    let device = who.device;
    let call = app.switchboard.attend(id, Actor { user: who.user, device }).await?;
    let side = if call.caller.id == who.user { Side::Caller } else { Side::Callee };
    // Twice the limit, so that a message somewhat too long is answered and does not cost the socket.
    let ws = socket::limited(upgrade.into_websocket()?, 2 * MESSAGE_MAX);
    let tracker = app.sockets.clone();
    Ok(ws.on_upgrade(move |ws| {
        tracker.track_future(async move {
            let (outbox, inbox) = Outbox::new();
            let _subscription = app.bus.subscribe(&[Topic::Call(id), Topic::Device(device)], &outbox);
            if lease::confirm(&app.sessions, device, &outbox).await {
                app.rooms.join(&call, side, device, outbox.clone(), clock::now());
            }
            let relay = Relay {
                app: app.clone(),
                call: id,
                side,
                device,
                look_again: lease::expiry(who),
                limit: limit(),
                socket_id: outbox.id(),
            };
            // What happened between the check above and the subscription was not heard: look again.
            match now(&app, id).await {
                Some(CallRecord { end_reason: Some(reason), .. }) => {
                    app.rooms.remove(id);
                    outbox.text(Signal::Ended { reason }.encode());
                    outbox.push(Outgoing::Close(Close::CallEnded));
                }
                Some(call) => app.rooms.settle(&call),
                None => {}
            }
            socket::run(ws, inbox, app.shutdown.clone(), relay).await;
        })
    }))
}

async fn now(app: &App, id: CallId) -> Option<CallRecord> {
    match app.storage.call(id).await {
        Ok(call) => call,
        Err(error) => {
            tracing::error!(call = %id, %error, "the call could not be read again");
            None
        }
    }
}

fn limit() -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::per_second(RATE).allow_burst(BURST))
}

struct Relay {
    app: App,
    call: CallId,
    side: Side,
    device: DeviceId,
    /// When to ask whether the device is still signed in.
    look_again: Instant,
    limit: DefaultDirectRateLimiter,
    socket_id: u64,
}

impl Relay {
    /// Validates one message, and relays it.
    fn take(&self, text: &str) -> Result<(), (&'static str, String)> {
        if self.limit.check().is_err() {
            return Err(("rate_limited", format!("more than {RATE} messages a second")));
        }
        if text.len() > MESSAGE_MAX {
            return Err(("too_large", format!("more than {MESSAGE_MAX} bytes")));
        }
        let signal = Signal::decode(text).map_err(|error| (code(&error), error.to_string()))?;
        if !signal.is_from_client() {
            return Err(("not_allowed", format!("only the server sends {:?}", signal.kind())));
        }
        if let Some(report) = Report::decode(text).filter(|report| report.stats.is_some()) {
            self.app.rooms.report(self.call, (self.side, self.socket_id), report, clock::now());
            return Ok(());
        }
        self.app.rooms.relay(self.call, (self.side, self.socket_id), &signal, clock::now()).map_err(
            |TooManyCandidates| {
                ("too_many_candidates", format!("more than {CANDIDATES_MAX} candidates in one negotiation"))
            },
        )
    }
}

impl Handler for Relay {
    async fn text(&mut self, text: &str) -> Reply {
        match self.take(text) {
            Ok(()) => Reply::None,
            Err((code, message)) => {
                Reply::Refuse(Signal::Error { code: code.into(), message }.encode().into())
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.look_again)
    }

    async fn on_deadline(&mut self) -> Reply {
        if !lease::holds(&self.app.sessions, self.device).await {
            return Reply::Close(Close::SignedOut);
        }
        self.look_again = Instant::now() + self.app.config.access_token_ttl.max(LOOK_AGAIN_MIN);
        Reply::None
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.app.rooms.leave(self.call, self.side, self.socket_id);
    }
}

/// A decoding error's code on the wire.
pub(super) fn code(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::NotJson(_) => "not_json",
        DecodeError::NoType => "no_type",
        DecodeError::UnknownType(_) => "unknown_type",
        DecodeError::Malformed { .. } => "malformed",
    }
}
