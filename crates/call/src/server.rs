//! What the server says of calls, by answers and events: the newest version of a call counts, however it comes.
use crate::{
    CallMachine, EndedBy, Failure, Output, Request, Role, Time,
    live::Live,
    ring::RING_DEFAULT,
    state::{Glare, IncomingCollision, Over, Ringing, State},
};
use eyeline_protocol::{
    CallId,
    event::Event,
    rest::{Call, CallStatus, EndReason},
};
use std::{mem, time::Duration};

impl CallMachine {
    pub(crate) fn on_event(&mut self, event: Event, now: Time) {
        match event {
            Event::Welcome { calls, .. } => self.on_welcome(calls, now),
            Event::IncomingCall { call } | Event::CallUpdate { call } => self.on_call(call, now),
            Event::Presence { .. }
            | Event::TokenExpiring { .. }
            | Event::Error { .. }
            | Event::ServerShutdown { .. } => {}
        }
    }

    /// The list is what the server knew a moment ago: a call of this device that is missing may be over, or may be
    /// younger than the list.
    fn on_welcome(&mut self, calls: Vec<Call>, now: Time) {
        let present = self.state.call().map(|call| call.id);
        if let Some(call_id) = present
            && calls.iter().all(|call| call.id != call_id)
        {
            self.errands.start(Request::Fetch(call_id), now, &mut self.out);
        }
        for call in calls {
            // Left, but the server never heard of it.
            if self.is_finished(call.id) && self.me.takes_part(&call) {
                self.leave(&call, now);
            } else {
                self.on_call(call, now);
            }
        }
    }

    pub(crate) fn on_reply(&mut self, request: Request, result: Result<Call, Failure>, now: Time) {
        match (&request, result) {
            (Request::Initiate { attempt, .. }, result) => self.on_placed(*attempt, result, now),
            (_, Err(Failure::Unreachable)) => self.errands.postpone(&request, now),
            (Request::Accept(_) | Request::Fetch(_), Ok(call)) => {
                self.errands.done(&request);
                // Accepted too late: the person has left meanwhile.
                if self.is_finished(call.id) && self.me.takes_part(&call) {
                    self.leave(&call, now);
                } else {
                    self.on_call(call, now);
                }
            }
            // The server tells who was faster: the call as it is now.
            (Request::Accept(call_id), Err(Failure::Refused { .. })) if self.is_present(*call_id) => {
                self.errands.done(&request);
                self.errands.start(Request::Fetch(*call_id), now, &mut self.out);
            }
            (Request::Fetch(call_id), Err(Failure::Refused { .. })) if self.is_present(*call_id) => {
                self.errands.done(&request);
                self.end(Over::told(EndReason::ServerError, EndedBy::Nobody), now);
            }
            // The other side accepted while this one cancelled or declined: leave what has become of it.
            (Request::Cancel(_) | Request::Decline(_), Ok(call)) => {
                self.errands.done(&request);
                if self.me.takes_part(&call) && !self.is_present(call.id) {
                    self.leave(&call, now);
                }
            }
            (Request::Cancel(call_id), Err(Failure::Refused { .. })) => {
                self.errands.done(&request);
                let end = Request::End(*call_id, EndReason::Hangup);
                self.errands.start(end, now, &mut self.out);
            }
            (Request::End(call_id, EndReason::Busy), Err(Failure::Refused { .. })) => {
                self.errands.done(&request);
                self.errands.start(Request::Decline(*call_id), now, &mut self.out);
            }
            // A reason that the server does not take; that the call is over, it must.
            (Request::End(call_id, reason), Err(Failure::Refused { .. })) if *reason != EndReason::Hangup => {
                self.errands.done(&request);
                self.errands.start(Request::End(*call_id, EndReason::Hangup), now, &mut self.out);
            }
            (
                Request::Accept(_) | Request::Fetch(_) | Request::Decline(_) | Request::End(..),
                Ok(_) | Err(Failure::Refused { .. }),
            ) => self.errands.done(&request),
        }
    }

    pub(crate) fn is_present(&self, call_id: CallId) -> bool {
        self.state.call().is_some_and(|call| call.id == call_id)
    }

    /// Takes note of a call as it now is.
    pub(crate) fn on_call(&mut self, call: Call, now: Time) {
        if call.status == CallStatus::Ended {
            self.errands.forget(call.id);
        }
        match self.state.call() {
            Some(present) if present.id == call.id => {
                if call.version > present.version {
                    self.on_present_call(call, now);
                }
            }
            Some(_) | None => self.on_other_call(call, now),
        }
    }

    fn on_present_call(&mut self, call: Call, now: Time) {
        let role = self.me.role(&call);
        match (call.status, &mut self.state) {
            (CallStatus::Ended, _) => {
                let reason = call.end_reason.unwrap_or(EndReason::ServerError);
                self.end(Over::told(reason, EndedBy::told(reason, role)), now);
            }
            // Nobody accepted here, whatever the server says: camera and microphone stay off.
            (CallStatus::Ongoing, State::Incoming(_)) => {
                self.answered_elsewhere(now);
                if self.me.takes_part(&call) {
                    self.leave(&call, now);
                }
            }
            (CallStatus::Ongoing, State::Accepting(_)) if self.me.answered_elsewhere(&call) => {
                self.answered_elsewhere(now);
            }
            (CallStatus::Ongoing, State::Outgoing(_) | State::Accepting(_)) => {
                self.go_live(call, now);
            }
            (CallStatus::Pending, State::Incoming(ringing)) => *ringing = Ringing::new(call, now),
            (CallStatus::Pending, State::Outgoing(prepared) | State::Accepting(prepared)) => {
                prepared.ringing = Ringing::new(call, now);
            }
            (CallStatus::Ongoing, State::Live(live)) => live.call = call,
            // Nothing becomes unaccepted.
            (CallStatus::Pending, State::Live(_)) => {}
            // `on_call` has matched the present call.
            (
                CallStatus::Pending | CallStatus::Ongoing,
                State::Idle | State::Placing(_) | State::Ended(_),
            ) => {}
        }
    }

    fn answered_elsewhere(&mut self, now: Time) {
        self.end(Over::told(EndReason::AnsweredElsewhere, EndedBy::Me), now);
    }

    fn on_other_call(&mut self, call: Call, now: Time) {
        let ours = self.me.takes_part(&call);
        let finished = self.is_finished(call.id);
        match (call.status, &mut self.state) {
            (CallStatus::Ended, State::Placing(placing)) => {
                if placing.glare.as_ref().is_some_and(|theirs| theirs.id == call.id) {
                    placing.glare = None;
                }
                placing.keep(call.clone());
                self.remember_finished(call.id);
            }
            (CallStatus::Pending | CallStatus::Ongoing, State::Placing(placing)) if ours => {
                placing.keep(call);
            }
            (
                CallStatus::Ended,
                State::Idle
                | State::Outgoing(_)
                | State::Incoming(_)
                | State::Accepting(_)
                | State::Live(_)
                | State::Ended(_),
            ) => self.remember_finished(call.id),
            (CallStatus::Pending | CallStatus::Ongoing, _) if finished => {}
            (CallStatus::Pending | CallStatus::Ongoing, _) if ours => self.leave(&call, now),
            (CallStatus::Pending, _) if self.me.role(&call) == Role::Callee => self.on_incoming(call, now),
            // At another device of this person.
            (CallStatus::Pending | CallStatus::Ongoing, _) => {}
        }
    }

    fn on_incoming(&mut self, call: Call, now: Time) {
        match self.state.collision(&call) {
            IncomingCollision::None => self.ring(call, now),
            IncomingCollision::Glare(Glare::Undecided) => {
                if let State::Placing(placing) = &mut self.state {
                    placing.glare = Some(call);
                }
            }
            IncomingCollision::Glare(Glare::Winner) => {}
            IncomingCollision::Glare(Glare::Loser) => {
                self.end(Over::ours(EndReason::Replaced, EndedBy::Peer), now);
                self.take(Ringing::new(call, now), now);
            }
            IncomingCollision::ReCall => {
                self.end(Over::ours(EndReason::Replaced, EndedBy::Peer), now);
                self.ring(call, now);
            }
            IncomingCollision::Busy => {
                let busy = Request::End(call.id, EndReason::Busy);
                self.remember_finished(call.id);
                self.errands.start(busy, now, &mut self.out);
            }
        }
    }

    /// Leaves a call that this device takes part in at the server, and not here.
    pub(crate) fn leave(&mut self, call: &Call, now: Time) {
        self.remember_finished(call.id);
        if self.errands.leaving(call.id) && call.status == CallStatus::Pending {
            return;
        }
        let request = match (call.status, self.me.role(call)) {
            (CallStatus::Pending, Role::Caller) => Request::Cancel(call.id),
            (CallStatus::Pending, Role::Callee) => Request::Decline(call.id),
            (CallStatus::Ongoing, _) => Request::End(call.id, EndReason::Hangup),
            (CallStatus::Ended, _) => return,
        };
        self.errands.start(request, now, &mut self.out);
    }

    pub(crate) fn go_live(&mut self, call: Call, now: Time) {
        if let State::Outgoing(_) = self.state {
            self.out.push_back(Output::StopRingback);
        }
        self.errands.done(&Request::Accept(call.id));
        self.start_media();
        let mut live = match mem::replace(&mut self.state, State::Idle) {
            State::Outgoing(prepared) | State::Accepting(prepared) => prepared.live,
            State::Idle | State::Placing(_) | State::Incoming(_) | State::Live(_) | State::Ended(_) => {
                Box::new(Live::prepare(call.clone(), self.me.role(&call), &mut self.out))
            }
        };
        self.open_signaling(call.id);
        live.begin(call, now);
        self.state = State::Live(live);
    }
}

/// How long the call still rings, by the server.
pub(crate) fn ring_left(call: &Call) -> Duration {
    call.ring_ms_left.map_or(RING_DEFAULT, Duration::from_millis)
}
