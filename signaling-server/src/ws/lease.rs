//! Whether whoever opened a socket may still hold it: asked as soon as the socket hears of sign-outs, and again each
//! time an access token would have expired.
use super::outbox::{Close, Outbox, Outgoing};
use crate::{
    auth::{Sessions, SignedIn},
    clock,
};
use eyeline_protocol::DeviceId;
use std::time::Duration;
use tokio::time::Instant;

/// When the token with which `who` was proved expires.
pub fn expiry(who: SignedIn) -> Instant {
    let left_ms = who.expires_at_s.saturating_mul(1000).saturating_sub(clock::now());
    Instant::now() + Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
}

/// Closes the socket of a device that was signed out between the check of its token and the subscription to its
/// device's topic, which `outbox` must have by now. Tells whether the device may go on.
pub async fn confirm(sessions: &Sessions, device: DeviceId, outbox: &Outbox) -> bool {
    let signed_in = holds(sessions, device).await;
    if !signed_in {
        outbox.push(Outgoing::Close(Close::SignedOut));
    }
    signed_in
}

/// Whether the device is still signed in. Where the store does not tell, it is: a sign-out is told on the bus as well,
/// and a fault must not cut everybody off.
pub async fn holds(sessions: &Sessions, device: DeviceId) -> bool {
    sessions.is_signed_in(device).await.unwrap_or_else(|error| {
        tracing::error!(%device, error = error.message(), "not known whether a device is signed in");
        true
    })
}
