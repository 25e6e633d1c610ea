//! A reference model of the server: what it answers, and whom it tells. Transport is the world's business.
use crate::solo::user;
use eyeline_call::{Failure, Request};
use eyeline_protocol::{
    CallId, DeviceId, UserId,
    rest::{Call, CallStatus, EndReason},
};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const RING_MS: u64 = 60_000;

/// A device and its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub user: u128,
    pub device: DeviceId,
}

#[derive(Default)]
pub struct Server {
    pub calls: BTreeMap<CallId, (Call, u64)>,
    pub named: u128,
    /// Whether the loser of a race gets an error instead of the call.
    pub conflicts_are_errors: bool,
    /// Calls that have changed and of which the members have to be told.
    pub news: Vec<Call>,
}

impl Server {
    /// The call as it is now, with the ring time that is left.
    fn shown(&self, id: CallId, now: u64) -> Option<Call> {
        let (call, deadline) = self.calls.get(&id)?;
        let mut call = call.clone();
        call.ring_ms_left = (call.status == CallStatus::Pending).then(|| deadline.saturating_sub(now));
        Some(call)
    }

    fn change(&mut self, id: CallId, now: u64, change: impl FnOnce(&mut Call)) -> Call {
        let (call, _) = self.calls.get_mut(&id).expect("known call");
        change(call);
        call.version += 1;
        let call = self.shown(id, now).expect("known call");
        self.news.push(call.clone());
        call
    }

    pub fn end(&mut self, id: CallId, reason: EndReason, now: u64) -> Call {
        self.change(id, now, |call| {
            call.status = CallStatus::Ended;
            call.end_reason = Some(reason);
        })
    }

    pub fn live_of(&self, user: UserId, now: u64) -> Vec<Call> {
        let mine = |call: &Call| call.caller.id == user || call.callee.id == user;
        self.calls
            .values()
            .filter(|(call, _)| call.status != CallStatus::Ended && mine(call))
            .filter_map(|(call, _)| self.shown(call.id, now))
            .collect()
    }

    pub fn expire(&mut self, now: u64) {
        let over: Vec<_> = self
            .calls
            .values()
            .filter(|(call, deadline)| call.status == CallStatus::Pending && *deadline <= now)
            .map(|(call, _)| call.id)
            .collect();
        for id in over {
            self.end(id, EndReason::Missed, now);
        }
    }

    pub fn next_deadline(&self) -> Option<u64> {
        let pending =
            |(call, deadline): &(Call, u64)| (call.status == CallStatus::Pending).then_some(*deadline);
        self.calls.values().filter_map(pending).min()
    }

    pub fn answer(&mut self, from: Member, request: &Request, now: u64) -> Result<Call, Failure> {
        match request {
            Request::Initiate { callee, .. } => Ok(self.initiate(from, callee.0.as_u128(), now)),
            Request::Fetch(id) => self.shown(*id, now).ok_or_else(|| crate::solo::refused("not_found")),
            Request::Accept(id) => self.race(*id, from, now, |call, from| {
                (call.status == CallStatus::Pending).then_some(Change::Accept(from.device))
            }),
            Request::Decline(id) => self.race(*id, from, now, |call, _| {
                (call.status == CallStatus::Pending).then_some(Change::End(EndReason::Declined))
            }),
            Request::Cancel(id) => self.race(*id, from, now, |call, _| {
                (call.status == CallStatus::Pending).then_some(Change::End(EndReason::Cancelled))
            }),
            Request::End(id, reason) => self.race(*id, from, now, |call, from| {
                let caller = call.caller.id == user(from.user).id;
                match (call.status, *reason) {
                    (CallStatus::Ongoing, reason) => Some(Change::End(reason)),
                    (CallStatus::Pending, _) if caller => Some(Change::End(EndReason::Cancelled)),
                    (CallStatus::Pending, EndReason::Busy) => Some(Change::End(EndReason::Busy)),
                    (CallStatus::Pending, _) => Some(Change::End(EndReason::Declined)),
                    (CallStatus::Ended, _) => None,
                }
            }),
        }
    }

    fn race(
        &mut self,
        id: CallId,
        from: Member,
        now: u64,
        rule: impl FnOnce(&Call, Member) -> Option<Change>,
    ) -> Result<Call, Failure> {
        let call = self.shown(id, now).ok_or_else(|| crate::solo::refused("not_found"))?;
        match rule(&call, from) {
            Some(Change::Accept(device)) => Ok(self.change(id, now, |call| {
                call.status = CallStatus::Ongoing;
                call.callee_device = Some(device);
            })),
            Some(Change::End(reason)) => Ok(self.end(id, reason, now)),
            None if self.conflicts_are_errors => Err(crate::solo::refused("conflict")),
            None => Ok(call),
        }
    }

    fn initiate(&mut self, from: Member, callee: u128, now: u64) -> Call {
        let (me, them) = (user(from.user), user(callee));
        let live: Vec<Call> = self.calls.values().map(|(call, _)| call.clone()).collect();
        let live = || live.iter().filter(|call| call.status != CallStatus::Ended);
        let theirs = |call: &&Call| {
            call.status == CallStatus::Pending && call.caller.id == them.id && call.callee.id == me.id
        };
        if let Some(glare) = live().find(theirs) {
            return self.change(glare.id, now, |call| {
                call.status = CallStatus::Ongoing;
                call.callee_device = Some(from.device);
            });
        }
        let stale =
            |call: &&Call| call.caller_device == from.device || call.callee_device == Some(from.device);
        for call in live().filter(stale) {
            self.end(call.id, EndReason::Replaced, now);
        }
        self.named += 1;
        let mut call = crate::solo::pending(0, from.user, callee);
        call.id = CallId(Uuid::from_u128(1_000 + self.named));
        call.caller_device = from.device;
        let id = call.id;
        self.calls.insert(id, (call.clone(), now + RING_MS));
        self.news.push(call);
        self.shown(id, now).expect("known call")
    }
}

enum Change {
    Accept(DeviceId),
    End(EndReason),
}
