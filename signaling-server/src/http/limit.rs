//! How often one address may ask for what costs a password hash.
use crate::{app::App, error::ApiError};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, header},
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
        self.0.check_key(&key(address)).map_err(|not_until| {
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

/// An IPv4 address, or the /64 that one IPv6 subscriber has to itself.
fn key(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
    }
}

/// Refuses addresses that ask too often.
pub async fn by_address(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match app.auth_limit.check(peer.ip()) {
        Ok(()) => next.run(request).await,
        Err(wait_s) => {
            let error = ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                format!("too many attempts; try again in {wait_s} s"),
            );
            let mut response = error.into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
            response
        }
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
