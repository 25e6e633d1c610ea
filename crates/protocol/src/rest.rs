//! Bodies of the REST interface. Times are RFC 3339 in UTC; durations carry their unit in the name.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /auth/register` | [`Register`] | 201 [`Session`] |
//! | `POST /auth/login` | [`Login`] | [`Session`] |
//! | `POST /auth/refresh` | [`Refresh`] | [`Session`] |
//! | `POST /auth/logout` | [`Refresh`] | 204 |
//! | `GET /users/me` | | [`User`] |
//! | `GET /users?query=` | | `Vec<User>`, without oneself |
//! | `POST /calls/initiate` | [`Initiate`] | 201 [`Call`] (200 where glare made it the accept of an earlier call) |
//! | `POST /calls/{accept,decline,cancel}/{call_id}` | | [`Call`] |
//! | `POST /calls/end/{call_id}` | [`End`], may be empty | [`Call`] |
//! | `GET /calls/active` | | `Vec<Call>` that have not ended |
//! | `GET /calls/history?before=&limit=` | | [`History`] |
//! | `GET /calls/{call_id}` | | [`Call`] |
//! | `GET /ice-servers` | | [`IceServers`] |
//!
//! Every error is an [`ErrorBody`] with a status of the 4xx or 5xx range.
use crate::{CallId, DeviceId, UserId};
use serde::{Deserialize, Serialize};

/// `POST /auth/register`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// Name to sign in with: 2 to 32 characters of `a-z 0-9 . _ -`, case folded.
    pub username: String,
    /// 8 to 128 characters.
    pub password: String,
    /// Name to show; the user name where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// This installation's own name, so that a session can be told from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
}

/// `POST /auth/login`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// This installation's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
}

/// `POST /auth/refresh` and `POST /auth/logout`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The newest refresh token; it is spent by this request.
    pub refresh_token: String,
}

/// A signed-in device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// JWT for `Authorization: Bearer` (RFC 6750).
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Life of the access token, in seconds.
    pub expires_in_s: u64,
    /// Exchanged for the next session.
    pub refresh_token: String,
    /// Who is signed in.
    pub user: User,
    /// The device that the tokens name.
    pub device_id: DeviceId,
}

/// A person as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Name to sign in with and to be found by.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// Whether they can be reached.
    #[serde(default)]
    pub presence: Presence,
}

/// Whether a person can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// No device is connected.
    #[default]
    Offline,
    /// A device is connected.
    Online,
    /// A device is connected and in a call.
    InCall,
}

/// `POST /calls/initiate`: exactly one of `callee_id` and `callee` names whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initiate {
    /// By identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callee_id: Option<UserId>,
    /// By user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callee: Option<String>,
}

/// `POST /calls/end/{call_id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why; `hangup` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
}

/// A call as its members see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Identifier.
    pub id: CallId,
    /// Who placed it.
    pub caller: User,
    /// Who is called.
    pub callee: User,
    /// Where it stands.
    pub status: CallStatus,
    /// Rises by one with every change: of two views of a call the higher one is the newer.
    pub version: u64,
    /// The caller's device.
    pub caller_device: DeviceId,
    /// The device that accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callee_device: Option<DeviceId>,
    /// While `pending`: how long it still rings, in milliseconds, by the server's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_ms_left: Option<u64>,
    /// Once `ended`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// Placed at, RFC 3339.
    pub created_at: String,
    /// Accepted at, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<String>,
    /// Ended at, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// Where a call stands, by the names of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// It rings.
    Pending,
    /// It was accepted.
    Ongoing,
    /// It is over.
    Ended,
}

/// Why a call ended: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// One of the two hung up.
    Hangup,
    /// The callee said no.
    Declined,
    /// The caller gave up before an answer.
    Cancelled,
    /// Nobody answered in time.
    Missed,
    /// The callee was in another call.
    Busy,
    /// Another device of the same person took the call.
    AnsweredElsewhere,
    /// No path between the two could be found, or it was lost for good.
    ConnectionFailed,
    /// Encryption or codecs could not be agreed on.
    MediaFailed,
    /// The same device placed the call anew.
    Replaced,
    /// The server could not go on.
    ServerError,
}

/// `GET /calls/history`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Ended calls.
    pub calls: Vec<Call>,
    /// Pass as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<CallId>,
}

/// `GET /ice-servers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServers {
    /// As `RTCConfiguration.iceServers` takes them.
    pub ice_servers: Vec<IceServer>,
    /// How long the credentials hold, in seconds; absent where they do not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_s: Option<u64>,
}

/// One STUN or TURN server (`RTCIceServer`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URIs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// TURN user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// TURN password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// The body of every error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// What a program can act on, `snake_case`.
    pub code: String,
    /// What a person can read.
    pub message: String,
}
