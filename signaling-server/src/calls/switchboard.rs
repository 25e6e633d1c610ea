//! Carries out what the rules decide, and tells everybody concerned.
use super::{
    BusyDevices,
    reaper::is_unattended,
    rules::{self, Actor, Placing, Refusal, Step},
};
use crate::{
    bus::{Bus, Topic},
    clock::{self, UnixMs},
    error::ApiError,
    presence::Presence,
    storage::{CallRecord, Profile, Storage, StorageError},
    ws::{
        outbox::{Close, Outgoing},
        rooms::Rooms,
    },
};
use axum::http::StatusCode;
use eyeline_protocol::{
    CallId, UserId,
    event::Event,
    rest::{Call, CallStatus, EndReason, User},
    signal::Signal,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Each lost race means that somebody else's change came through; more in a row than people have devices is a fault.
const ATTEMPTS: u32 = 16;

/// Places and changes calls.
pub struct Switchboard {
    /// Where calls are kept.
    pub storage: Arc<dyn Storage>,
    /// Where changes are told.
    pub bus: Arc<dyn Bus>,
    /// Told who is in a call.
    pub presence: Presence,
    /// Closed with their call.
    pub rooms: Arc<Rooms>,
    /// Who cannot take what rings.
    pub busy: BusyDevices,
    /// How long a call rings.
    pub ring_timeout: Duration,
    /// Ends the ring timers.
    pub shutdown: CancellationToken,
    /// Held while a change is stored and told, so that changes are told in the order in which they are stored. The
    /// database takes one writer at a time anyway.
    pub telling: Mutex<()>,
}

impl Switchboard {
    /// Places a call. Tells, beside the call, whether it is new: glare turns it into the accept of an earlier one.
    ///
    /// # Errors
    /// 500.
    pub async fn initiate(
        self: &Arc<Self>,
        by: Actor,
        callee: Profile,
    ) -> Result<(CallRecord, bool), ApiError> {
        let caller = self.storage.profile(by.user).await?.ok_or_else(no_such_user)?;
        for _ in 0..ATTEMPTS {
            let of_caller = self.storage.live_calls(by.user).await?;
            let of_callee = self.storage.live_calls(callee.id).await?;
            let now = clock::now();
            let is_unattended = |call: &CallRecord| is_unattended(self, call);
            match rules::place(by, callee.id, &of_caller, &of_callee, is_unattended) {
                Placing::Replace(stale) => {
                    self.commit(&stale.ended(EndReason::Replaced, now)).await?;
                }
                Placing::Glare(theirs) => {
                    if let Ok(Step::Change(accepted)) = rules::accept(&theirs, by, now)
                        && self.commit(&accepted).await?
                    {
                        return Ok((*accepted, false));
                    }
                }
                Placing::Busy => {
                    let call = self.new_call(by, caller, callee, now).ended(EndReason::Busy, now);
                    let _telling = self.telling.lock().await;
                    self.storage.insert_call(&call).await?;
                    self.tell(&call);
                    return Ok((call, true));
                }
                Placing::Ring => {
                    let call = self.new_call(by, caller.clone(), callee.clone(), now);
                    let _telling = self.telling.lock().await;
                    match self.storage.insert_call(&call).await {
                        Ok(()) => {
                            self.ring(&call);
                            return Ok((call, true));
                        }
                        // The two share a call since we looked: look again.
                        Err(StorageError::Taken) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Err(ApiError::internal("a call could not be placed: too many changes at once"))
    }

    /// The callee answers on this device.
    ///
    /// # Errors
    /// 403, 404, or 409 with the call that is.
    pub async fn accept(&self, id: CallId, by: Actor) -> Result<CallRecord, ApiError> {
        self.change(id, |call| rules::accept(call, by, clock::now())).await
    }

    /// The callee says no.
    ///
    /// # Errors
    /// 403, 404, or 409 with the call that is.
    pub async fn decline(&self, id: CallId, by: Actor) -> Result<CallRecord, ApiError> {
        self.change(id, |call| rules::decline(call, by, clock::now())).await
    }

    /// The caller gives up.
    ///
    /// # Errors
    /// 403, 404, or 409 with the call that is.
    pub async fn cancel(&self, id: CallId, by: Actor) -> Result<CallRecord, ApiError> {
        self.change(id, |call| rules::cancel(call, by, clock::now())).await
    }

    /// A device cannot take a call that rings. Where others of the same person can, the call goes on ringing. Of those
    /// only the ones that are connected count; one that goes away later leaves the call to be missed.
    ///
    /// # Errors
    /// 403 or 404.
    pub async fn busy(&self, id: CallId, by: Actor) -> Result<CallRecord, ApiError> {
        self.change(id, |call| {
            if call.callee.id != by.user || call.status != CallStatus::Pending {
                return rules::busy(call, by, false, clock::now());
            }
            // Noted before the others are asked for: of two devices that say so at once the second finds the first.
            self.busy.add(id, by.device);
            let others = self.presence.devices(by.user);
            let rings_elsewhere = others.into_iter().any(|device| !self.busy.has(id, device));
            rules::busy(call, by, rings_elsewhere, clock::now())
        })
        .await
    }

    /// Either member ends the call.
    ///
    /// # Errors
    /// 403, 404, or 422 `invalid_reason`.
    pub async fn end(&self, id: CallId, by: Actor, reason: EndReason) -> Result<CallRecord, ApiError> {
        self.change(id, |call| rules::end(call, by, reason, clock::now())).await
    }

    /// The server ends the call, unless it has moved on from `expected`.
    ///
    /// # Errors
    /// 404 or 500.
    pub async fn end_if(&self, id: CallId, expected: CallStatus, reason: EndReason) -> Result<(), ApiError> {
        self.change(id, |call| Ok(rules::end_if(call, expected, reason, clock::now()))).await.map(drop)
    }

    /// The call, for one of its members.
    ///
    /// # Errors
    /// 403 `not_a_member` or 404 `no_such_call`.
    pub async fn member_call(&self, id: CallId, user: UserId) -> Result<CallRecord, ApiError> {
        let call = self.storage.call(id).await?.ok_or_else(no_such_call)?;
        if call.has_member(user) { Ok(call) } else { Err(self.refused(Refusal::NotMember, &call)) }
    }

    /// The call, for one of its devices that comes to negotiate.
    ///
    /// # Errors
    /// 403, 404, or 409 with the call that is.
    pub async fn attend(&self, id: CallId, by: Actor) -> Result<CallRecord, ApiError> {
        let call = self.storage.call(id).await?.ok_or_else(no_such_call)?;
        rules::attend(&call, by).map_err(|refusal| self.refused(refusal, &call))?;
        Ok(call)
    }

    /// Goes on with the calls that were live when the server last stopped.
    ///
    /// # Errors
    /// 500.
    pub async fn resume(self: &Arc<Self>) -> Result<(), ApiError> {
        for call in self.storage.all_live_calls().await? {
            match call.status {
                CallStatus::Pending => self.start_ring_timer(&call),
                CallStatus::Ongoing => self.mark_presence(&call),
                CallStatus::Ended => {}
            }
        }
        Ok(())
    }

    /// The call as its members see it.
    #[must_use]
    pub fn view(&self, call: &CallRecord) -> Call {
        let user = |profile: &Profile| User {
            id: profile.id,
            username: profile.username.clone(),
            display_name: profile.display_name.clone(),
            presence: self.presence.of(profile.id),
        };
        Call {
            id: call.id,
            caller: user(&call.caller),
            callee: user(&call.callee),
            status: call.status,
            version: call.version,
            caller_device: call.caller_device,
            callee_device: call.callee_device,
            ring_ms_left: (call.status == CallStatus::Pending).then(|| ms_until(call.ring_until)),
            end_reason: call.end_reason,
            created_at: clock::rfc3339(call.created_at),
            accepted_at: call.accepted_at.map(clock::rfc3339),
            ended_at: call.ended_at.map(clock::rfc3339),
        }
    }

    async fn change(
        &self,
        id: CallId,
        step: impl Fn(&CallRecord) -> Result<Step, Refusal> + Send,
    ) -> Result<CallRecord, ApiError> {
        for _ in 0..ATTEMPTS {
            let call = self.storage.call(id).await?.ok_or_else(no_such_call)?;
            match step(&call) {
                Ok(Step::Same) => return Ok(call),
                Ok(Step::Change(next)) => {
                    if self.commit(&next).await? {
                        return Ok(*next);
                    }
                }
                Err(refusal) => return Err(self.refused(refusal, &call)),
            }
        }
        Err(ApiError::internal("a call could not be changed: too many changes at once"))
    }

    /// Stores a change and tells of it; `false` where another change came first.
    async fn commit(&self, call: &CallRecord) -> Result<bool, ApiError> {
        let _telling = self.telling.lock().await;
        let won = self.storage.update_call(call).await?;
        if won {
            self.tell(call);
        }
        Ok(won)
    }

    fn new_call(&self, by: Actor, caller: Profile, callee: Profile, now: UnixMs) -> CallRecord {
        let ring_ms = i64::try_from(self.ring_timeout.as_millis()).unwrap_or(i64::MAX);
        CallRecord {
            id: CallId::new(),
            caller,
            callee,
            caller_device: by.device,
            callee_device: None,
            status: CallStatus::Pending,
            version: 1,
            end_reason: None,
            created_at: now,
            ring_until: now.saturating_add(ring_ms),
            accepted_at: None,
            ended_at: None,
        }
    }

    fn ring(self: &Arc<Self>, call: &CallRecord) {
        tracing::info!(call = %call.id, "rings");
        let view = self.view(call);
        self.publish(call.callee.id, &Event::IncomingCall { call: view.clone() });
        self.publish(call.caller.id, &Event::CallUpdate { call: view });
        self.start_ring_timer(call);
    }

    fn start_ring_timer(self: &Arc<Self>, call: &CallRecord) {
        let (board, id) = (Arc::clone(self), call.id);
        let left = Duration::from_millis(ms_until(call.ring_until));
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = board.shutdown.cancelled() => return,
            }
            if let Err(error) = board.end_if(id, CallStatus::Pending, EndReason::Missed).await {
                tracing::error!(call = %id, error = error.message(), "a ring could not be ended");
            }
            board.busy.forget(id);
        });
    }

    /// Tells of a change of a call's state.
    fn tell(&self, call: &CallRecord) {
        tracing::info!(call = %call.id, status = ?call.status, reason = ?call.end_reason, "changed");
        self.mark_presence(call);
        self.rooms.settle(call);
        let update = Event::CallUpdate { call: self.view(call) };
        self.publish(call.caller.id, &update);
        self.publish(call.callee.id, &update);
        if let Some(reason) = call.end_reason {
            let ended = Outgoing::Text(Signal::Ended { reason }.encode().into());
            self.bus.publish(Topic::Call(call.id), &ended);
            self.bus.publish(Topic::Call(call.id), &Outgoing::Close(Close::CallEnded));
            self.rooms.remove(call.id);
        }
    }

    fn mark_presence(&self, call: &CallRecord) {
        let ongoing = call.status == CallStatus::Ongoing;
        self.presence.set_in_call(call.caller.id, call.id, ongoing);
        self.presence.set_in_call(call.callee.id, call.id, ongoing);
    }

    fn publish(&self, user: UserId, event: &Event) {
        self.bus.publish(Topic::User(user), &Outgoing::Text(event.encode().into()));
    }

    fn refused(&self, refusal: Refusal, call: &CallRecord) -> ApiError {
        let forbidden = |code, message| ApiError::new(StatusCode::FORBIDDEN, code, message);
        let conflict =
            |code, message| ApiError::new(StatusCode::CONFLICT, code, message).with_call(self.view(call));
        match refusal {
            Refusal::NotMember => forbidden("not_a_member", "this is a call of other people"),
            Refusal::NotCallee => forbidden("not_callee", "only the person called can do this"),
            Refusal::NotCaller => forbidden("not_caller", "only the person who called can do this"),
            Refusal::AnsweredElsewhere => conflict("answered_elsewhere", "another device took the call"),
            Refusal::OnAnotherDevice => conflict("on_another_device", "another device placed the call"),
            Refusal::AlreadyAccepted => conflict("already_accepted", "the call was accepted; end it instead"),
            Refusal::AlreadyEnded => conflict("already_ended", "the call has ended"),
            Refusal::NotYoursToSay => ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_reason",
                "only the server finds this reason",
            ),
        }
    }
}

/// 404 `no_such_user`.
pub fn no_such_user() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_such_user", "there is no such person here")
}

fn no_such_call() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_such_call", "there is no such call")
}

fn ms_until(at: UnixMs) -> u64 {
    u64::try_from(at.saturating_sub(clock::now())).unwrap_or(0)
}
