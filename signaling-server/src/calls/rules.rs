//! What may become of a call: pure, so that every case can be named and tried.
//!
//! ```text
//!   pending --accept--> ongoing --end--> ended(hangup, connection_failed, media_failed, ...)
//!      +--decline, cancel, busy, expire, replace--> ended(declined, cancelled, busy, missed, replaced)
//! ```
use crate::{clock::UnixMs, storage::CallRecord};
use eyeline_protocol::{
    DeviceId, UserId,
    rest::{CallStatus, EndReason},
};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// The person's device.
    pub device: DeviceId,
}

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The call changes into this.
    Change(Box<CallRecord>),
    /// What was asked for is so already.
    Same,
}

/// Why an action does not fit the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The person has no part in the call.
    NotMember,
    /// Only the callee may do this.
    NotCallee,
    /// Only the caller may do this.
    NotCaller,
    /// Another device of the callee has taken the call.
    AnsweredElsewhere,
    /// Another device of the caller has placed the call.
    OnAnotherDevice,
    /// The call has been accepted and can only be ended.
    AlreadyAccepted,
    /// The call has ended.
    AlreadyEnded,
    /// Only the server can know that a call ended for this reason.
    NotYoursToSay,
}

impl CallRecord {
    /// Whether this person is the caller or the callee.
    #[must_use]
    pub fn has_member(&self, user: UserId) -> bool {
        self.caller.id == user || self.callee.id == user
    }

    /// Whether this device placed or accepted the call.
    #[must_use]
    pub fn is_on(&self, device: DeviceId) -> bool {
        self.caller_device == device || self.callee_device == Some(device)
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    /// The call, ended.
    #[must_use]
    pub fn ended(&self, reason: EndReason, now: UnixMs) -> Self {
        Self { status: CallStatus::Ended, end_reason: Some(reason), ended_at: Some(now), ..self.next() }
    }
}

/// The callee answers on this device.
///
/// # Errors
/// [`Refusal`].
pub fn accept(call: &CallRecord, by: Actor, now: UnixMs) -> Result<Step, Refusal> {
    callee_only(call, by)?;
    match call.status {
        CallStatus::Pending => Ok(change(CallRecord {
            status: CallStatus::Ongoing,
            callee_device: Some(by.device),
            accepted_at: Some(now),
            ..call.next()
        })),
        CallStatus::Ongoing if call.callee_device == Some(by.device) => Ok(Step::Same),
        CallStatus::Ongoing => Err(Refusal::AnsweredElsewhere),
        CallStatus::Ended => Err(Refusal::AlreadyEnded),
    }
}

/// The callee says no, for all devices.
///
/// # Errors
/// [`Refusal`].
pub fn decline(call: &CallRecord, by: Actor, now: UnixMs) -> Result<Step, Refusal> {
    callee_only(call, by)?;
    match call.status {
        CallStatus::Pending => Ok(change(call.ended(EndReason::Declined, now))),
        CallStatus::Ongoing if call.callee_device == Some(by.device) => Err(Refusal::AlreadyAccepted),
        CallStatus::Ongoing => Err(Refusal::AnsweredElsewhere),
        CallStatus::Ended => Ok(Step::Same),
    }
}

/// The caller gives up before an answer.
///
/// # Errors
/// [`Refusal`].
pub fn cancel(call: &CallRecord, by: Actor, now: UnixMs) -> Result<Step, Refusal> {
    member_only(call, by)?;
    if call.caller.id != by.user {
        return Err(Refusal::NotCaller);
    }
    match call.status {
        CallStatus::Pending => Ok(change(call.ended(EndReason::Cancelled, now))),
        CallStatus::Ongoing => Err(Refusal::AlreadyAccepted),
        CallStatus::Ended => Ok(Step::Same),
    }
}

/// A device comes to negotiate: the one that is in the call, or while it rings any of the callee's.
///
/// # Errors
/// [`Refusal`].
pub fn attend(call: &CallRecord, by: Actor) -> Result<(), Refusal> {
    member_only(call, by)?;
    let caller = call.caller.id == by.user;
    match call.status {
        CallStatus::Ended => Err(Refusal::AlreadyEnded),
        CallStatus::Pending | CallStatus::Ongoing if call.is_on(by.device) => Ok(()),
        CallStatus::Pending | CallStatus::Ongoing if caller => Err(Refusal::OnAnotherDevice),
        CallStatus::Pending => Ok(()),
        CallStatus::Ongoing => Err(Refusal::AnsweredElsewhere),
    }
}

/// Either member ends the call, in whatever state it is. While it rings, only who ends it counts; and once it was
/// accepted, that it was declined or cancelled can only mean that the one who says so had not heard of it.
///
/// # Errors
/// [`Refusal::NotMember`], [`Refusal::NotYoursToSay`].
pub fn end(call: &CallRecord, by: Actor, reason: EndReason, now: UnixMs) -> Result<Step, Refusal> {
    member_only(call, by)?;
    let reason = match reason {
        EndReason::Missed | EndReason::AnsweredElsewhere | EndReason::ServerError => {
            return Err(Refusal::NotYoursToSay);
        }
        EndReason::Declined | EndReason::Cancelled => EndReason::Hangup,
        EndReason::Hangup
        | EndReason::Busy
        | EndReason::ConnectionFailed
        | EndReason::MediaFailed
        | EndReason::Replaced => reason,
    };
    match call.status {
        CallStatus::Pending if call.caller.id == by.user => Ok(change(call.ended(EndReason::Cancelled, now))),
        CallStatus::Pending => Ok(change(call.ended(EndReason::Declined, now))),
        CallStatus::Ongoing => Ok(change(call.ended(reason, now))),
        CallStatus::Ended => Ok(Step::Same),
    }
}

/// A device of the callee cannot take the call, being in another. That ends it where no other device could take it
/// (`rings_elsewhere`); a call that another device has taken is none of its business.
///
/// # Errors
/// [`Refusal::NotMember`].
pub fn busy(call: &CallRecord, by: Actor, rings_elsewhere: bool, now: UnixMs) -> Result<Step, Refusal> {
    member_only(call, by)?;
    match call.status {
        CallStatus::Pending if call.caller.id == by.user => end(call, by, EndReason::Busy, now),
        CallStatus::Pending if rings_elsewhere => Ok(Step::Same),
        CallStatus::Pending => Ok(change(call.ended(EndReason::Busy, now))),
        CallStatus::Ongoing if !call.is_on(by.device) => Ok(Step::Same),
        CallStatus::Ongoing | CallStatus::Ended => end(call, by, EndReason::Busy, now),
    }
}

/// The server ends the call, unless it has moved on from `expected`.
#[must_use]
pub fn end_if(call: &CallRecord, expected: CallStatus, reason: EndReason, now: UnixMs) -> Step {
    if call.status == expected && expected != CallStatus::Ended {
        change(call.ended(reason, now))
    } else {
        Step::Same
    }
}

/// What a new call means, given the calls that its two people have already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    /// End this stale call first, then look again.
    Replace(CallRecord),
    /// The callee is calling the caller at this moment: both want this call, so it is accepted.
    Glare(CallRecord),
    /// The callee is in another call.
    Busy,
    /// It rings.
    Ring,
}

/// Decides what becomes of a call from `by` to `callee`. `is_unattended` tells of an ongoing call whether both its
/// devices are gone.
#[must_use]
pub fn place(
    by: Actor,
    callee: UserId,
    of_caller: &[CallRecord],
    of_callee: &[CallRecord],
    is_unattended: impl Fn(&CallRecord) -> bool,
) -> Placing {
    let pending = |call: &&CallRecord| call.status == CallStatus::Pending;
    if let Some(stale) = of_caller.iter().find(|call| call.is_on(by.device)) {
        return Placing::Replace(stale.clone());
    }
    if let Some(theirs) = of_caller.iter().filter(pending).find(|call| call.caller.id == callee) {
        return Placing::Glare(theirs.clone());
    }
    // Another device of the caller rings the same person: the newer call stands.
    if let Some(older) = of_caller.iter().filter(pending).find(|call| call.callee.id == callee) {
        return Placing::Replace(older.clone());
    }
    let shared = |call: &&CallRecord| call.status == CallStatus::Ongoing && call.has_member(callee);
    // What is left of an earlier call of the two, before the server finds out by itself.
    if let Some(ghost) = of_caller.iter().filter(shared).find(|call| is_unattended(call)) {
        return Placing::Replace(ghost.clone());
    }
    if of_callee.iter().any(|call| call.status == CallStatus::Ongoing) {
        return Placing::Busy;
    }
    Placing::Ring
}

fn change(call: CallRecord) -> Step {
    Step::Change(Box::new(call))
}

fn member_only(call: &CallRecord, by: Actor) -> Result<(), Refusal> {
    if call.has_member(by.user) { Ok(()) } else { Err(Refusal::NotMember) }
}

fn callee_only(call: &CallRecord, by: Actor) -> Result<(), Refusal> {
    member_only(call, by)?;
    if call.callee.id == by.user { Ok(()) } else { Err(Refusal::NotCallee) }
}
