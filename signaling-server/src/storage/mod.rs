//! What outlives the process: accounts, signed-in devices and calls.
//!
//! ```text
//!   auth  --> Accounts --+
//!                        +--> sqlite (a file in the data directory)
//!   calls --> Calls   ---+
//! ```
//!
//! Rules of the domain live in `auth` and `calls`. A store only promises that each method is atomic and, once it
//! returns, durable against the end of the process.
mod sqlite;
#[cfg(test)]
mod tests;

pub use sqlite::Sqlite;

use crate::clock::UnixMs;
use async_trait::async_trait;
use eyeline_protocol::{
    CallId, DeviceId, UserId,
    rest::{CallStatus, EndReason},
};
use std::io;
use thiserror::Error;

/// Everything that a store can do.
pub trait Storage: Accounts + Calls {}
impl<T: Accounts + Calls> Storage for T {}

/// Why a store could not do as asked.
#[derive(Debug, Error)]
pub enum StorageError {
    /// Something with this unique name, or a live call of this pair of people, is already there.
    #[error("already there")]
    Taken,
    /// A row holds what this version never writes.
    #[error("unreadable row: {0}")]
    Corrupt(String),
    /// The database's file could not be made, or not be kept private.
    #[error("database file: {0}")]
    File(#[from] io::Error),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database's schema could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// A person, without what only the server may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Identifier.
    pub id: UserId,
    /// Name to sign in with, folded.
    pub username: String,
    /// Name to show.
    pub display_name: String,
}

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What others see.
    pub profile: Profile,
    /// PHC string of the password.
    pub password_hash: String,
}

/// SHA-256 of a refresh token.
pub type TokenHash = [u8; 32];

/// A refresh token to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewToken {
    /// Its hash.
    pub hash: TokenHash,
    /// When it stops being accepted.
    pub expires_at: UnixMs,
}

/// What became of an attempt to exchange a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The old token is spent and the new one stored.
    Rotated(Profile, DeviceId),
    /// The token had been spent before, and what it was exchanged for was used: somebody holds a copy. The device has been
    /// signed out.
    Reused(DeviceId),
    /// The token is unknown, has expired, or belongs to a device that was signed out.
    Refused,
}

/// Accounts and the devices that are signed in to them.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds an account.
    ///
    /// # Errors
    /// [`StorageError::Taken`] where the user name exists.
    async fn create_account(&self, account: &Account, now: UnixMs) -> Result<(), StorageError>;

    /// The account with this user name.
    async fn account(&self, username: &str) -> Result<Option<Account>, StorageError>;

    /// The person with this identifier.
    async fn profile(&self, user: UserId) -> Result<Option<Profile>, StorageError>;

    /// People other than `except` whose user name or display name contains `query`, by user name, `limit` at most.
    async fn find_profiles(
        &self,
        query: &str,
        except: UserId,
        limit: u32,
    ) -> Result<Vec<Profile>, StorageError>;

    /// Signs a device in, with its first refresh token.
    async fn add_device(
        &self,
        user: UserId,
        device: DeviceId,
        name: Option<&str>,
        token: NewToken,
        now: UnixMs,
    ) -> Result<(), StorageError>;

    /// Whether the device is signed in.
    async fn device_is_active(&self, device: DeviceId) -> Result<bool, StorageError>;

    /// Notes that an access token of the device is used that was issued at this time: until then its answers to exchanges
    /// have come. Tells whether the device is signed in.
    async fn note_use(&self, device: DeviceId, issued_at: UnixMs) -> Result<bool, StorageError>;

    /// Exchanges a refresh token for `next`. One that was spent before signs its device out, unless nobody has used the
    /// token that it was exchanged for, nor the access token beside that: the answer may have been lost, with the network
    /// for hours. Then `next` supersedes that token, and is the only one that is good.
    async fn rotate(&self, spent: TokenHash, next: NewToken, now: UnixMs) -> Result<Rotation, StorageError>;

    /// Signs out the device that the token belongs to, and names it.
    async fn revoke(&self, token: TokenHash, now: UnixMs) -> Result<Option<DeviceId>, StorageError>;
}

/// A call as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Identifier, ordered by the time of placing.
    pub id: CallId,
    /// Who placed it.
    pub caller: Profile,
    /// Who is called.
    pub callee: Profile,
    /// The device that placed it.
    pub caller_device: DeviceId,
    /// The device that accepted it.
    pub callee_device: Option<DeviceId>,
    /// Where it stands.
    pub status: CallStatus,
    /// Rises by one with every change.
    pub version: u64,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// Placed at.
    pub created_at: UnixMs,
    /// Rings until.
    pub ring_until: UnixMs,
    /// Accepted at.
    pub accepted_at: Option<UnixMs>,
    /// Ended at.
    pub ended_at: Option<UnixMs>,
}

/// Calls, live and past.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Adds a call.
    ///
    /// # Errors
    /// [`StorageError::Taken`] where the call is live and its two people share another live call.
    async fn insert_call(&self, call: &CallRecord) -> Result<(), StorageError>;

    /// The call with this identifier.
    async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StorageError>;

    /// Stores `call` if the stored version is the one before `call.version`; tells whether it did.
    async fn update_call(&self, call: &CallRecord) -> Result<bool, StorageError>;

    /// Calls of this person that have not ended, oldest first.
    async fn live_calls(&self, user: UserId) -> Result<Vec<CallRecord>, StorageError>;

    /// Every call that has not ended, oldest first.
    async fn all_live_calls(&self) -> Result<Vec<CallRecord>, StorageError>;

    /// Ended calls of this person, newest first, `limit` at most, placed before `before`.
    async fn ended_calls(
        &self,
        user: UserId,
        before: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, StorageError>;
}
