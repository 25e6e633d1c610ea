//! Access tokens (JWT, RFC 7519) and refresh tokens (random, known to the server by their hash only).
use crate::{
    clock::UnixMs,
    error::ApiError,
    storage::{NewToken, TokenHash},
};
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eyeline_protocol::{DeviceId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const ISSUER: &str = "eyeline";

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    iss: String,
    /// The person.
    pub sub: UserId,
    /// The person's device.
    pub device: DeviceId,
    /// Issued at, seconds since the Unix epoch.
    iat: i64,
    /// The same in milliseconds; 0 in tokens of before there was this.
    #[serde(default)]
    pub issued_ms: UnixMs,
    /// Expires at, seconds since the Unix epoch.
    pub exp: i64,
}

/// Issues and checks tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    access_ttl: Duration,
    refresh_ttl: Duration,
}

impl Tokens {
    /// With the key that signs.
    #[must_use]
    pub fn new(key: &[u8], access_ttl: Duration, refresh_ttl: Duration) -> Self {
        Self {
            signing: EncodingKey::from_secret(key),
            checking: DecodingKey::from_secret(key),
            access_ttl,
            refresh_ttl,
        }
    }

    /// Life of an access token.
    #[must_use]
    pub fn access_ttl(&self) -> Duration {
        self.access_ttl
    }

    /// A new access token.
    ///
    /// # Errors
    /// 500.
    pub fn access(&self, user: UserId, device: DeviceId, now: UnixMs) -> Result<String, ApiError> {
        let iat = now / 1000;
        let exp = iat.saturating_add_unsigned(self.access_ttl.as_secs());
        let claims = Claims { iss: ISSUER.into(), sub: user, device, iat, issued_ms: now, exp };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map_err(ApiError::internal)
    }

    /// Checks signature, algorithm, issuer and expiry.
    ///
    /// # Errors
    /// 401 `bad_token` or `token_expired`.
    pub fn check(&self, token: &str, now: UnixMs) -> Result<Claims, ApiError> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // Expiry is checked below, by the clock that is passed in.
        validation.validate_exp = false;
        let TokenData { claims, .. } = decode::<Claims>(token, &self.checking, &validation)
            .map_err(|_| ApiError::unauthorized("bad_token", "the access token is not valid"))?;
        if claims.exp <= now / 1000 {
            return Err(ApiError::unauthorized("token_expired", "the access token has expired"));
        }
        Ok(claims)
    }

    /// A new refresh token, and what the server keeps of it.
    ///
    /// # Errors
    /// 500.
    pub fn refresh(&self, now: UnixMs) -> Result<(String, NewToken), ApiError> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(ApiError::internal)?;
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let ttl_ms = i64::try_from(self.refresh_ttl.as_millis()).unwrap_or(i64::MAX);
        let stored = NewToken { hash: Self::hash(&token), expires_at: now.saturating_add(ttl_ms) };
        Ok((token, stored))
    }

    /// What the server keeps of a refresh token. 256 random bits need no salt and no slow hash.
    #[must_use]
    pub fn hash(token: &str) -> TokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: UnixMs = 1_800_000_000_000;

    fn tokens(key: &[u8]) -> Tokens {
        Tokens::new(key, Duration::from_secs(900), Duration::from_secs(3600))
    }

    fn code(result: Result<Claims, ApiError>) -> &'static str {
        result.map_or_else(|error| error.code(), |_| "accepted")
    }

    #[test]
    fn an_access_token_names_user_and_device_until_it_expires() {
        let tokens = tokens(&[7; 32]);
        let (user, device) = (UserId::new(), DeviceId::new());
        let token = tokens.access(user, device, NOW).unwrap();
        let claims = tokens.check(&token, NOW + 899_000).unwrap();
        assert_eq!((claims.sub, claims.device, claims.issued_ms), (user, device, NOW));
        assert_eq!(code(tokens.check(&token, NOW + 900_000)), "token_expired");
    }

    #[test]
    fn forged_tokens_are_refused() {
        let tokens = tokens(&[7; 32]);
        let foreign = self::tokens(&[8; 32]).access(UserId::new(), DeviceId::new(), NOW).unwrap();
        assert_eq!(code(tokens.check(&foreign, NOW)), "bad_token");
        assert_eq!(code(tokens.check("not a token", NOW)), "bad_token");
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"iss": ISSUER, "sub": UserId::new(), "device": DeviceId::new(), "iat": 0, "exp": i64::MAX});
        let unsigned = format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT"})), part(claims));
        assert_eq!(code(tokens.check(&unsigned, NOW)), "bad_token");
    }

    #[test]
    fn a_refresh_token_is_stored_as_a_hash_only() {
        let (token, stored) = tokens(&[7; 32]).refresh(NOW).unwrap();
        assert_eq!(stored.hash, Tokens::hash(&token));
        assert_eq!(stored.expires_at, NOW + 3_600_000);
    }
}
