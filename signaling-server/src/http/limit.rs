//! How often one address may ask to sign in, which costs a password hash, and to stay signed in.
use crate::{app::App, auth::subscriber, error::ApiError};
use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
};

/// Requests by address.
pub struct AddressLimit(DefaultKeyedRateLimiter<u128>);

impl AddressLimit {
    /// So many a minute for long, and so many at once.
    #[must_use]
    pub fn per_minute(requests: u32) -> Self {
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::keyed(Quota::per_minute(requests)))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The seconds until the next one is welcome.
    pub fn check(&self, address: IpAddr) -> Result<(), u64> {
        self.0.check_key(&subscriber(address)).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            wait.as_secs() + 1
        })
    }

    /// Forgets addresses that have been quiet for long enough to be as good as new.
    pub fn forget_quiet(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// Refuses addresses that try too often to sign in or up.
pub async fn sign_in_by_address(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    by_address(&app.sign_in_limit, peer, request, next).await
}

/// Refuses addresses that renew too often. A limit of its own: whoever guesses passwords must not keep others behind
/// the same address from staying signed in.
pub async fn refresh_by_address(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    by_address(&app.refresh_limit, peer, request, next).await
}

async fn by_address(limit: &AddressLimit, peer: SocketAddr, request: Request, next: Next) -> Response {
    match limit.check(peer.ip()) {
        Ok(()) => next.run(request).await,
        Err(wait_s) => ApiError::too_many(wait_s).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_one_address() {
        let limit = AddressLimit::per_minute(1);
        assert!(limit.check("2001:db8::1".parse().unwrap()).is_ok());
        assert!(limit.check("2001:db8::ffff:1".parse().unwrap()).is_err());
        assert!(limit.check("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_ipv6_form() {
        let limit = AddressLimit::per_minute(1);
        assert!(limit.check("192.0.2.1".parse().unwrap()).is_ok());
        assert!(limit.check("::ffff:192.0.2.1".parse().unwrap()).is_err());
        assert!(limit.check("192.0.2.2".parse().unwrap()).is_ok());
    }
}
