//! From the wish to call, or the first ring, to the answer.
use crate::{
    CallMachine, EndedBy, Failure, Output, Request, Role, Time,
    live::Live,
    server::ring_left,
    state::{Over, Placing, Prepared, Ringing, State, peer_of},
};
use eyeline_protocol::{
    event::ClientEvent,
    rest::{Call, CallStatus, EndReason, User},
};
use std::time::Duration;

/// How long a call rings where the server does not say.
pub(crate) const RING_DEFAULT: Duration = Duration::from_secs(60);
/// How much longer than the server's deadline is waited for the server's word, before the ring ends by itself.
pub(crate) const RING_SAFETY: Duration = Duration::from_secs(5);
/// How long the server may take to place a call.
pub(crate) const PLACE_TIMEOUT: Duration = Duration::from_secs(15);
/// Most calls remembered while `Initiate` is under way: this attempt's and a few abandoned ones.
const EARLY_MAX: usize = 4;

impl Ringing {
    pub(crate) fn new(call: Call, now: Time) -> Self {
        let deadline = now + ring_left(&call);
        Self { call, deadline }
    }

    /// When the ring ends even without the server.
    pub(crate) fn safety(&self) -> Time {
        self.deadline + RING_SAFETY
    }
}

impl Placing {
    /// Keeps the newest version of a call that the answer to `Initiate` may name.
    pub(crate) fn keep(&mut self, call: Call) {
        if let Some(known) = self.early.iter_mut().find(|known| known.id == call.id) {
            if call.version > known.version {
                *known = call;
            }
        } else {
            if self.early.len() == EARLY_MAX {
                self.early.remove(0);
            }
            self.early.push(call);
        }
    }
}

impl Over {
    /// The call could not be placed for want of an answer.
    fn unreachable() -> Self {
        Self { failure: Some(Failure::Unreachable), ..Self::told(EndReason::ServerError, EndedBy::Nobody) }
    }

    fn refused(code: String, message: String) -> Self {
        let (reason, by) = match code.as_str() {
            "busy" => (EndReason::Busy, EndedBy::Peer),
            _other => (EndReason::ServerError, EndedBy::Nobody),
        };
        Self { failure: Some(Failure::Refused { code, message }), ..Self::told(reason, by) }
    }
}

impl CallMachine {
    pub(crate) fn dial(&mut self, callee: User, now: Time) {
        match &self.state {
            State::Idle | State::Ended(_) => {
                self.attempts += 1;
                self.out.push_back(Output::Request(Request::Initiate {
                    attempt: self.attempts,
                    callee: callee.id,
                }));
                self.start_media();
                self.state = State::Placing(Placing {
                    attempt: self.attempts,
                    callee,
                    deadline: now + PLACE_TIMEOUT,
                    glare: None,
                    early: Vec::new(),
                });
            }
            State::Incoming(ringing) if ringing.call.caller.id == callee.id => self.accept(now),
            State::Placing(_)
            | State::Outgoing(_)
            | State::Incoming(_)
            | State::Accepting(_)
            | State::Live(_) => {}
        }
    }

    /// The answer to `Initiate`.
    pub(crate) fn on_placed(&mut self, attempt: u32, result: Result<Call, Failure>, now: Time) {
        let placing = match &mut self.state {
            State::Placing(placing) if placing.attempt == attempt => placing,
            State::Idle
            | State::Placing(_)
            | State::Outgoing(_)
            | State::Incoming(_)
            | State::Accepting(_)
            | State::Live(_)
            | State::Ended(_) => return self.on_abandoned(result, now),
        };
        match (result, placing.glare.take()) {
            (Ok(call), _) => {
                let newer =
                    placing.early.drain(..).find(|early| early.id == call.id && early.version > call.version);
                self.placed(newer.unwrap_or(call), now);
            }
            (Err(_), Some(theirs)) => self.take(Ringing::new(theirs, now), now),
            // The answer was lost, but the events have told of the call.
            (Err(Failure::Unreachable), None) => {
                match placing.early.pop_if(|early| early.status != CallStatus::Ended) {
                    Some(call) => self.placed(call, now),
                    None => self.end(Over::unreachable(), now),
                }
            }
            (Err(Failure::Refused { code, message }), None) => self.end(Over::refused(code, message), now),
        }
    }

    fn placed(&mut self, call: Call, now: Time) {
        // Their call, left a moment ago and dialed back: the server heard the dialing first.
        let left_before = self.want_again(call.id);
        match (call.status, self.me.role(&call)) {
            (CallStatus::Pending, Role::Caller) => {
                self.out.push_back(Output::StartRingback);
                self.state = State::Outgoing(self.prepare(Ringing::new(call, now), Role::Caller));
            }
            // Glare: they were faster, and the server leaves the accepting to us.
            (CallStatus::Pending, Role::Callee) => self.take(Ringing::new(call, now), now),
            // Glare: our request was the accept of theirs. Or they accepted within the blink of an eye.
            (CallStatus::Ongoing, _) => self.go_live(call, now),
            (CallStatus::Ended, role) => {
                let reason = call.end_reason.unwrap_or(EndReason::ServerError);
                let by = if left_before { EndedBy::Me } else { EndedBy::told(reason, role) };
                let over = Over::told(reason, by);
                self.remember_finished(call.id);
                let peer = peer_of(&call, role).clone();
                self.show_end(Some(call.id), peer, role, None, over, now);
            }
        }
    }

    /// The person no longer wants the call that the server has made.
    fn on_abandoned(&mut self, result: Result<Call, Failure>, now: Time) {
        match result {
            Ok(call) if self.is_present(call.id) => self.on_call(call, now),
            Ok(call) => self.leave(&call, now),
            Err(Failure::Unreachable | Failure::Refused { .. }) => {}
        }
    }

    /// Rings for an incoming call.
    pub(crate) fn ring(&mut self, call: Call, now: Time) {
        self.out.push_back(Output::StartRinging);
        self.out.push_back(Output::Report(ClientEvent::Ringing { call_id: call.id }));
        self.open_signaling(call.id);
        self.state = State::Incoming(Ringing::new(call, now));
    }

    pub(crate) fn accept(&mut self, now: Time) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Incoming(ringing) => {
                self.out.push_back(Output::StopRinging);
                // The offer comes by that socket, which may have died while it rang.
                self.out.push_back(Output::CheckSignaling(ringing.call.id));
                self.take(ringing, now);
            }
            other @ (State::Idle
            | State::Placing(_)
            | State::Outgoing(_)
            | State::Accepting(_)
            | State::Live(_)
            | State::Ended(_)) => self.state = other,
        }
    }

    /// Accepts a call of theirs.
    pub(crate) fn take(&mut self, ringing: Ringing, now: Time) {
        self.start_media();
        self.errands.start(Request::Accept(ringing.call.id), now, &mut self.out);
        self.state = State::Accepting(self.prepare(ringing, Role::Callee));
    }

    /// Goes ahead of the other person's wish, or the server's word: what takes round trips is done by then.
    fn prepare(&mut self, ringing: Ringing, role: Role) -> Prepared {
        self.open_signaling(ringing.call.id);
        let live = Box::new(Live::prepare(ringing.call.clone(), role, &mut self.out));
        Prepared { ringing, live }
    }
}
