//! Signing up, in and out.
use super::{Claims, Tokens, failures::Failures, names, passwords::Passwords};
use crate::{
    bus::{Bus, Topic},
    clock::UnixMs,
    error::ApiError,
    storage::{Account, Profile, Rotation, Storage, StorageError},
    ws::outbox::{Close, Outgoing},
};
use axum::http::StatusCode;
use eyeline_protocol::{
    DeviceId, UserId,
    rest::{Login, Presence, Refresh, Register, Session, User},
};
use std::{net::IpAddr, sync::Arc};

/// Signs people up, in and out.
pub struct Sessions {
    storage: Arc<dyn Storage>,
    bus: Arc<dyn Bus>,
    tokens: Tokens,
    passwords: Passwords,
    failures: Failures,
}

impl Sessions {
    /// Over this store; what happens to sessions is told on `bus`.
    ///
    /// # Errors
    /// 500, where the system has no randomness to give.
    pub fn new(storage: Arc<dyn Storage>, bus: Arc<dyn Bus>, tokens: Tokens) -> Result<Self, ApiError> {
        Ok(Self { storage, bus, tokens, passwords: Passwords::new()?, failures: Failures::default() })
    }

    /// Makes an account and signs its first device in.
    ///
    /// # Errors
    /// 422 where a field does not fit, 409 `username_taken`.
    pub async fn register(&self, request: Register, now: UnixMs) -> Result<Session, ApiError> {
        let username = names::username(&request.username)?;
        names::password(&request.password)?;
        let display_name = names::display_name(request.display_name.as_deref().unwrap_or(&username))?;
        let taken = || ApiError::new(StatusCode::CONFLICT, "username_taken", "this user name is taken");
        // Asked first only to spare the hash; the insertion below decides.
        if self.storage.account(&username).await?.is_some() {
            return Err(taken());
        }
        let account = Account {
            profile: Profile { id: UserId::new(), username, display_name },
            password_hash: self.passwords.hash(request.password).await?,
        };
        match self.storage.create_account(&account, now).await {
            Ok(()) => {}
            Err(StorageError::Taken) => return Err(taken()),
            Err(error) => return Err(error.into()),
        }
        tracing::info!(user = %account.profile.id, "account made");
        self.sign_in(account.profile, request.device_name.as_deref(), now).await
    }

    /// Signs a new device in, at the request of this address.
    ///
    /// # Errors
    /// 401 `bad_credentials`, the same for an unknown name and a wrong password; 429 `rate_limited` after too many of
    /// them for this name from this address.
    pub async fn login(&self, request: Login, from: IpAddr, now: UnixMs) -> Result<Session, ApiError> {
        self.failures.begin(&request.username, from, now).map_err(ApiError::too_many)?;
        let account = self.storage.account(&names::fold(&request.username)).await?;
        let (profile, hash) = account.map(|account| (account.profile, account.password_hash)).unzip();
        match (self.passwords.verify(request.password, hash).await?, profile) {
            (true, Some(profile)) => {
                self.failures.succeeded(&request.username, from);
                self.sign_in(profile, request.device_name.as_deref(), now).await
            }
            (true | false, _) => {
                Err(ApiError::unauthorized("bad_credentials", "user name and password do not match"))
            }
        }
    }

    /// Forgets failed sign-ins that no longer count.
    pub fn forget_old_failures(&self, now: UnixMs) {
        self.failures.forget_old(now);
    }

    /// Exchanges a refresh token for a new session of the same device. A token that comes a second time was copied,
    /// unless the answer to the first was lost ([`Accounts::rotate`](crate::storage::Accounts::rotate) tells the one
    /// from the other): then the device is signed out, whoever holds it.
    ///
    /// # Errors
    /// 401 `refresh_reused` or `bad_refresh_token`.
    pub async fn refresh(&self, request: &Refresh, now: UnixMs) -> Result<Session, ApiError> {
        let (refresh_token, next) = self.tokens.refresh(now)?;
        match self.storage.rotate(Tokens::hash(&request.refresh_token), next, now).await? {
            Rotation::Rotated(profile, device) => self.session(profile, device, refresh_token, now),
            Rotation::Reused(device) => {
                tracing::warn!(%device, "a spent refresh token came again; device signed out");
                self.close_sockets(device);
                Err(ApiError::unauthorized("refresh_reused", "this token was used before; sign in again"))
            }
            Rotation::Refused => Err(ApiError::unauthorized("bad_refresh_token", "sign in again")),
        }
    }

    /// Signs the token's device out. A token that is not known is as good as signed out.
    ///
    /// # Errors
    /// 500.
    pub async fn logout(&self, request: &Refresh, now: UnixMs) -> Result<(), ApiError> {
        if let Some(device) = self.storage.revoke(Tokens::hash(&request.refresh_token), now).await? {
            self.close_sockets(device);
        }
        Ok(())
    }

    /// Checks an access token, and that its device is still signed in. The refresh that it is from is not to be repeated any
    /// more: its answer has come.
    ///
    /// # Errors
    /// 401 `bad_token`, `token_expired` or `signed_out`.
    pub async fn check(&self, access_token: &str, now: UnixMs) -> Result<Claims, ApiError> {
        let claims = self.tokens.check(access_token, now)?;
        if self.storage.note_use(claims.device, claims.issued_ms).await? {
            Ok(claims)
        } else {
            Err(ApiError::unauthorized("signed_out", "this device was signed out"))
        }
    }

    /// Whether the device is signed in.
    ///
    /// # Errors
    /// 500.
    pub async fn is_signed_in(&self, device: DeviceId) -> Result<bool, ApiError> {
        Ok(self.storage.device_is_active(device).await?)
    }

    async fn sign_in(&self, profile: Profile, name: Option<&str>, now: UnixMs) -> Result<Session, ApiError> {
        let device = DeviceId::new();
        let (refresh_token, stored) = self.tokens.refresh(now)?;
        let name = name.map(names::device_name);
        self.storage.add_device(profile.id, device, name.as_deref(), stored, now).await?;
        self.session(profile, device, refresh_token, now)
    }

    fn session(
        &self,
        profile: Profile,
        device_id: DeviceId,
        refresh_token: String,
        now: UnixMs,
    ) -> Result<Session, ApiError> {
        Ok(Session {
            access_token: self.tokens.access(profile.id, device_id, now)?,
            token_type: "bearer".into(),
            expires_in_s: self.tokens.access_ttl().as_secs(),
            refresh_token,
            user: User {
                id: profile.id,
                username: profile.username,
                display_name: profile.display_name,
                presence: Presence::Offline,
            },
            device_id,
        })
    }

    fn close_sockets(&self, device: DeviceId) {
        self.bus.publish(Topic::Device(device), &Outgoing::Close(Close::SignedOut));
    }
}
