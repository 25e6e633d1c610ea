//! The rooms of all live calls.
use super::{
    outbox::Outbox,
    room::{Room, RoomState, Side, TooManyCandidates},
};
use crate::{clock::UnixMs, storage::CallRecord, sync::Shared};
use eyeline_protocol::{CallId, DeviceId, report::Report, signal::Signal, stats::WebRtcStats};
use std::collections::HashMap;

/// Rooms by call; one is made by the first member who comes and removed when the call ends.
#[derive(Debug, Default)]
pub struct Rooms(Shared<HashMap<CallId, Room>>);

impl Rooms {
    /// A member's socket has opened on this device, at a time at which the call was as `call` says. Where another device
    /// has taken the call since, the socket is closed.
    pub fn join(&self, call: &CallRecord, side: Side, device: DeviceId, socket: Outbox, now: UnixMs) {
        let mut rooms = self.0.lock();
        let room = rooms.entry(call.id).or_insert_with(|| Room::new(call.caller.id, call.callee.id, now));
        settle(room, call);
        room.join(side, device, socket);
    }

    /// The call has been accepted: what other devices of the callee have open is closed.
    pub fn settle(&self, call: &CallRecord) {
        if let Some(room) = self.0.lock().get_mut(&call.id) {
            settle(room, call);
        }
    }

    /// A member's socket has closed.
    pub fn leave(&self, call: CallId, side: Side, socket_id: u64) {
        if let Some(room) = self.0.lock().get_mut(&call) {
            room.leave(side, socket_id);
        }
    }

    /// A member has sent a message by this socket. One whose place was taken has nothing to say any more.
    ///
    /// # Errors
    /// [`TooManyCandidates`].
    pub fn relay(
        &self,
        call: CallId,
        (side, socket_id): (Side, u64),
        signal: &Signal,
        now: UnixMs,
    ) -> Result<(), TooManyCandidates> {
        match self.0.lock().get_mut(&call) {
            Some(room) if room.is_seated(side, socket_id) => room.relay(side, signal, now),
            Some(_) | None => Ok(()),
        }
    }

    /// A member has reported figures by this socket.
    pub fn report(&self, call: CallId, (side, socket_id): (Side, u64), report: Report, now: UnixMs) {
        if let Some(room) = self.0.lock().get_mut(&call)
            && room.is_seated(side, socket_id)
        {
            room.report(side, report, now);
        }
    }

    /// The newest figures of the caller and of the callee.
    #[must_use]
    pub fn stats(&self, call: CallId) -> [Option<Box<WebRtcStats>>; 2] {
        self.0.lock().get(&call).map(Room::stats).unwrap_or_default()
    }

    /// The call has ended.
    pub fn remove(&self, call: CallId) {
        self.0.lock().remove(&call);
    }

    /// Whether a member's socket is open.
    #[must_use]
    pub fn is_attended(&self, call: CallId) -> bool {
        self.0.lock().get(&call).is_some_and(Room::is_attended)
    }

    /// What the debug endpoint tells; `None` where nobody has come yet.
    #[must_use]
    pub fn state(&self, call: CallId) -> Option<RoomState> {
        self.0.lock().get(&call).map(Room::state)
    }
}

fn settle(room: &mut Room, call: &CallRecord) {
    room.settle(Side::Caller, call.caller_device);
    if let Some(device) = call.callee_device {
        room.settle(Side::Callee, device);
    }
}
