//! The rooms of all live calls.
use super::{
    outbox::Outbox,
    room::{Room, RoomState, Side, TooManyCandidates},
};
use crate::{clock::UnixMs, storage::CallRecord, sync::Shared};
use eyeline_protocol::{CallId, signal::Signal};
use std::collections::HashMap;

/// Rooms by call; one is made by the first member who comes and removed when the call ends.
#[derive(Debug, Default)]
pub struct Rooms(Shared<HashMap<CallId, Room>>);

impl Rooms {
    /// A member's socket has opened.
    pub fn join(&self, call: &CallRecord, side: Side, socket: Outbox, now: UnixMs) {
        let mut rooms = self.0.lock();
        let room = rooms.entry(call.id).or_insert_with(|| Room::new(call.caller.id, call.callee.id, now));
        room.join(side, socket);
    }

    /// A member's socket has closed.
    pub fn leave(&self, call: CallId, side: Side, socket_id: u64) {
        if let Some(room) = self.0.lock().get_mut(&call) {
            room.leave(side, socket_id);
        }
    }

    /// A member has sent a message.
    ///
    /// # Errors
    /// [`TooManyCandidates`].
    pub fn relay(
        &self,
        call: CallId,
        side: Side,
        signal: &Signal,
        now: UnixMs,
    ) -> Result<(), TooManyCandidates> {
        self.0.lock().get_mut(&call).map_or(Ok(()), |room| room.relay(side, signal, now))
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
