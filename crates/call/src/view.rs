//! What a person can see of a call.
use crate::{Failure, MediaState, Role, Time};
use eyeline_protocol::{
    CallId,
    rest::{EndReason, User},
};

/// All that there is to show. A copy: cheap, and stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Where the call stands.
    pub phase: Phase,
    /// The call, once the server has named it.
    pub call_id: Option<CallId>,
    /// The other person.
    pub peer: Option<User>,
    /// Whether this device called or was called.
    pub role: Option<Role>,
    /// Until when it rings.
    pub ring_deadline: Option<Time>,
    /// When media could flow first.
    pub connected_at: Option<Time>,
    /// What this device sends, or would send in a call.
    pub local: MediaState,
    /// What the peer sends; `None` where it does not tell.
    pub remote: Option<MediaState>,
    /// Once ended: how.
    pub end: Option<End>,
}

/// Where a call stands, for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// There is no call.
    Idle,
    /// The server is being asked to place the call.
    Dialing,
    /// It rings at the other end.
    Ringing,
    /// Somebody calls here.
    Incoming,
    /// Accepted; no media yet.
    Connecting,
    /// Media can flow.
    Active,
    /// Media could flow and cannot at present.
    Reconnecting,
    /// Over. Stays until dismissed, or until the next call.
    Ended,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// By whom.
    pub by: EndedBy,
    /// When.
    pub at: Time,
    /// Where the call could not be placed: what the server said, if it could be reached.
    pub failure: Option<Failure>,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndedBy {
    /// The person at this device, or at another of theirs.
    Me,
    /// The other person.
    Peer,
    /// Time, the network or the server.
    Nobody,
}

impl EndedBy {
    /// Who it was, where the server tells that a call is over and this device did not ask for it.
    pub(crate) fn told(reason: EndReason, role: Role) -> Self {
        match (reason, role) {
            (EndReason::Hangup | EndReason::Busy | EndReason::Replaced, _)
            | (EndReason::Declined, Role::Caller)
            | (EndReason::Cancelled, Role::Callee) => Self::Peer,
            (EndReason::AnsweredElsewhere, _)
            | (EndReason::Declined, Role::Callee)
            | (EndReason::Cancelled, Role::Caller) => Self::Me,
            (
                EndReason::Missed
                | EndReason::ConnectionFailed
                | EndReason::MediaFailed
                | EndReason::ServerError,
                _,
            ) => Self::Nobody,
        }
    }
}
