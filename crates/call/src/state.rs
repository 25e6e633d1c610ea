//! Where a call stands, with what each state needs to know.
use crate::{End, EndedBy, Failure, Role, Time, live::Live};
use eyeline_protocol::{
    CallId, DeviceId, UserId,
    rest::{Call, CallStatus, EndReason, User},
};

/// The states; `lib.rs` draws the way between them.
#[derive(Debug)]
pub(crate) enum State {
    Idle,
    Placing(Placing),
    Outgoing(Prepared),
    Incoming(Ringing),
    Accepting(Prepared),
    Live(Box<Live>),
    Ended(Ended),
}

/// `Initiate` is under way; the call has no name yet.
#[derive(Debug)]
pub(crate) struct Placing {
    pub(crate) attempt: u32,
    pub(crate) callee: User,
    /// When to stop waiting for the server.
    pub(crate) deadline: Time,
    /// The callee calls here at the same time. The server makes one call of the two; if it refuses instead, this
    /// one is accepted.
    pub(crate) glare: Option<Call>,
    /// What the events socket told of this device's calls before the answer to `Initiate` came.
    pub(crate) early: Vec<Call>,
}

/// It rings.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub(crate) call: Call,
    pub(crate) deadline: Time,
}

/// It rings there, or the answer to `Accept` is awaited: this person wants the call, and all is ready for it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) ringing: Ringing,
    pub(crate) live: Box<Live>,
}

/// The call is over; kept to be shown.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) call_id: Option<CallId>,
    pub(crate) peer: User,
    pub(crate) role: Role,
    pub(crate) connected_at: Option<Time>,
    pub(crate) end: End,
}

/// Why and how a state must end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) reason: EndReason,
    pub(crate) by: EndedBy,
    pub(crate) failure: Option<Failure>,
    /// Whether the server has to be told.
    pub(crate) tell: bool,
}

impl Over {
    /// This device ends it: the server does not know yet.
    pub(crate) fn ours(reason: EndReason, by: EndedBy) -> Self {
        Self { reason, by, failure: None, tell: true }
    }

    /// The server has ended it, or will by itself.
    pub(crate) fn told(reason: EndReason, by: EndedBy) -> Self {
        Self { tell: false, ..Self::ours(reason, by) }
    }
}

/// What a new incoming call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncomingCollision {
    /// Nothing: it rings.
    None,
    /// The person being called calls here.
    Glare(Glare),
    /// The device that calls is the peer of the present call: it has lost that one and calls anew.
    ReCall,
    /// Another call.
    Busy,
}

/// Which of two calls between the same two people stands. Where the server has not decided yet, both ends choose
/// the call with the lower identifier (the older, as identifiers are ordered by time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glare {
    /// Ours has no identifier yet.
    Undecided,
    /// Ours.
    Winner,
    /// Theirs.
    Loser,
}

impl State {
    pub(crate) fn call(&self) -> Option<&Call> {
        match self {
            Self::Idle | Self::Placing(_) | Self::Ended(_) => None,
            Self::Incoming(ringing) => Some(&ringing.call),
            Self::Outgoing(prepared) | Self::Accepting(prepared) => Some(&prepared.ringing.call),
            Self::Live(live) => Some(&live.call),
        }
    }

    /// The call that this person wants, whether it is accepted yet or not.
    pub(crate) fn live(&mut self) -> Option<&mut Live> {
        match self {
            Self::Idle | Self::Placing(_) | Self::Incoming(_) | Self::Ended(_) => None,
            Self::Outgoing(prepared) | Self::Accepting(prepared) => Some(&mut prepared.live),
            Self::Live(live) => Some(live),
        }
    }

    pub(crate) fn collision(&self, incoming: &Call) -> IncomingCollision {
        match self {
            Self::Idle | Self::Ended(_) => IncomingCollision::None,
            Self::Placing(placing) if placing.callee.id == incoming.caller.id => {
                IncomingCollision::Glare(Glare::Undecided)
            }
            Self::Outgoing(Prepared { ringing, .. }) if ringing.call.callee.id == incoming.caller.id => {
                IncomingCollision::Glare(if ringing.call.id < incoming.id {
                    Glare::Winner
                } else {
                    Glare::Loser
                })
            }
            Self::Incoming(Ringing { call, .. })
            | Self::Accepting(Prepared { ringing: Ringing { call, .. }, .. })
                if call.caller_device == incoming.caller_device =>
            {
                IncomingCollision::ReCall
            }
            Self::Live(live) if live.peer_device() == Some(incoming.caller_device) => {
                IncomingCollision::ReCall
            }
            Self::Placing(_) | Self::Outgoing(_) | Self::Incoming(_) | Self::Accepting(_) | Self::Live(_) => {
                IncomingCollision::Busy
            }
        }
    }
}

/// Who this device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Me {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
}

impl Me {
    pub(crate) fn role(self, call: &Call) -> Role {
        if call.caller.id == self.user { Role::Caller } else { Role::Callee }
    }

    /// Whether the call has not ended and this very device placed or accepted it.
    pub(crate) fn takes_part(self, call: &Call) -> bool {
        call.status != CallStatus::Ended
            && match self.role(call) {
                Role::Caller => call.caller_device == self.device,
                Role::Callee => call.callee_device == Some(self.device),
            }
    }

    /// Whether another device of this person took the call.
    pub(crate) fn answered_elsewhere(self, call: &Call) -> bool {
        self.role(call) == Role::Callee && call.callee_device.is_some_and(|device| device != self.device)
    }
}

/// The other person of a call.
pub(crate) fn peer_of(call: &Call, role: Role) -> &User {
    match role {
        Role::Caller => &call.callee,
        Role::Callee => &call.caller,
    }
}
