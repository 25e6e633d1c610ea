//! The meeting point of one call's two signaling sockets: what is relayed, what waits, in which order.
use super::outbox::{Close, Outbox, Outgoing};
use crate::clock::UnixMs;
use axum::extract::ws::Utf8Bytes;
use eyeline_protocol::{
    DeviceId, UserId,
    report::Report,
    signal::{CANDIDATES_MAX, ConnectionState, Signal},
    stats::WebRtcStats,
};

/// Devices of one person at which a call rings with an open socket.
const WAITING_MAX: usize = 16;

/// One of the two members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who placed the call.
    Caller,
    /// Who is called.
    Callee,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// A candidate more than one side may send in a negotiation.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManyCandidates;

/// What the debug endpoint tells of a room.
#[derive(Debug, Clone, Copy)]
pub struct RoomState {
    /// As last reported by either member; `connecting` from the first description on.
    pub connection: ConnectionState,
    /// Candidates relayed or kept, of both members.
    pub candidates: usize,
    /// The last message.
    pub updated_at: UnixMs,
}

/// Both members' seats.
#[derive(Debug)]
pub struct Room {
    caller: Seat,
    callee: Seat,
    state: RoomState,
}

/// One member: the open socket, and what this member has sent that the other has not got yet.
#[derive(Debug)]
struct Seat {
    user: UserId,
    /// The device that is in the call for this member.
    settled: Option<DeviceId>,
    socket: Option<Attendant>,
    /// Before that is settled: the devices that it rings at, oldest first. None of them gets what the other member sends,
    /// which tells where that one is.
    waiting: Vec<Attendant>,
    /// The latest offer and the latest answer, in the order in which they came.
    descriptions: Vec<Description>,
    candidates: Vec<Utf8Bytes>,
    /// The ICE user name fragment of the latest description, absent before the first.
    ufrag: Option<String>,
    /// Candidates since the latest description; bounds `candidates` too.
    counted: usize,
    /// How this member's connection fares, by the member's own account.
    reported: Option<ConnectionState>,
    /// The newest figures.
    stats: Option<Box<WebRtcStats>>,
}

/// An open socket, and the device that opened it.
#[derive(Debug)]
struct Attendant {
    device: DeviceId,
    outbox: Outbox,
}

#[derive(Debug)]
struct Description {
    kind: &'static str,
    text: Utf8Bytes,
}

impl Room {
    /// An empty room for the call of these two.
    #[must_use]
    pub fn new(caller: UserId, callee: UserId, now: UnixMs) -> Self {
        Self {
            caller: Seat::new(caller),
            callee: Seat::new(callee),
            state: RoomState { connection: ConnectionState::New, candidates: 0, updated_at: now },
        }
    }

    /// What the debug endpoint tells.
    #[must_use]
    pub fn state(&self) -> RoomState {
        self.state
    }

    /// Whether a socket is open.
    #[must_use]
    pub fn is_attended(&self) -> bool {
        self.caller.socket.is_some() || self.callee.socket.is_some()
    }

    /// Whether this socket has the member's seat.
    #[must_use]
    pub fn is_seated(&self, side: Side, socket_id: u64) -> bool {
        let seat = match side {
            Side::Caller => &self.caller,
            Side::Callee => &self.callee,
        };
        seat.socket.as_ref().is_some_and(|socket| socket.outbox.id() == socket_id)
    }

    /// The member is in the call on this device from now on: its socket takes the seat, where it is open already, and those
    /// of other devices are closed.
    pub fn settle(&mut self, side: Side, device: DeviceId) {
        let (me, other) = self.seats(side);
        me.settled = Some(device);
        for waiting in std::mem::take(&mut me.waiting) {
            if waiting.device == device {
                waiting.say_peer(other.user, other.socket.is_some());
                me.socket = Some(waiting);
                other.say_peer(me.user, true);
                other.flush_to(me);
            } else {
                waiting.close();
            }
        }
    }

    /// A member's socket has opened. It takes the place of an earlier one of the same member, and is given what waited
    /// for it. It waits where the member has not accepted yet, and is closed where the member is in the call on another
    /// device.
    pub fn join(&mut self, side: Side, device: DeviceId, outbox: Outbox) {
        let (me, other) = self.seats(side);
        let socket = Attendant { device, outbox };
        match me.settled {
            Some(settled) if settled != device => socket.close(),
            Some(_) => {
                socket.say_peer(other.user, other.socket.is_some());
                if let Some(older) = me.socket.replace(socket) {
                    older.close();
                }
                other.say_peer(me.user, true);
                other.flush_to(me);
            }
            None => {
                socket.say_peer(other.user, other.socket.is_some());
                me.wait(socket);
            }
        }
    }

    /// A member's socket has closed; one that was superseded leaves nothing.
    pub fn leave(&mut self, side: Side, socket_id: u64) {
        let (me, other) = self.seats(side);
        me.waiting.retain(|waiting| waiting.outbox.id() != socket_id);
        if me.socket.take_if(|socket| socket.outbox.id() == socket_id).is_some() {
            other.say_peer(me.user, false);
        }
    }

    /// Relays a member's message to the other, or keeps it: for a member who is not there yet, and candidates until the
    /// description that they belong to has gone ahead.
    ///
    /// # Errors
    /// [`TooManyCandidates`]; the message is then dropped.
    pub fn relay(&mut self, side: Side, signal: &Signal, now: UnixMs) -> Result<(), TooManyCandidates> {
        let (me, other) = self.seats(side);
        let text = || Utf8Bytes::from(signal.encode());
        let (mut state, mut candidate) = (None, 0);
        match signal {
            Signal::Offer { offer: sdp } | Signal::Answer { answer: sdp } => {
                me.describe(Description { kind: signal.kind(), text: text() }, &sdp.sdp);
                state = Some(ConnectionState::Connecting);
            }
            Signal::IceCandidate { .. } => {
                if me.counted >= CANDIDATES_MAX {
                    return Err(TooManyCandidates);
                }
                let text = text();
                // A description that still waits may be said again, with all that belong to it.
                if !me.candidates.contains(&text) {
                    me.counted += 1;
                    me.candidates.push(text);
                    candidate = 1;
                }
            }
            Signal::ConnectionState { state: reported } => {
                if let Some(socket) = &other.socket {
                    socket.outbox.text(text());
                }
                me.reported = Some(*reported);
                state = Some(*reported);
            }
            // The server's own words; the socket refuses them before they get here.
            Signal::Peer { .. } | Signal::Ended { .. } | Signal::Error { .. } => return Ok(()),
        }
        me.flush_to(other);
        let described = matches!(signal, Signal::Offer { .. } | Signal::Answer { .. });
        match state {
            // A renegotiation does not interrupt a connection.
            Some(_) if described && self.state.connection != ConnectionState::New => {}
            Some(state) => self.state.connection = state,
            None => {}
        }
        self.state.candidates += candidate;
        self.state.updated_at = now;
        Ok(())
    }

    /// Keeps a member's figures. The other gets the state alone, as from a member who has no figures, and only where it is
    /// news.
    pub fn report(&mut self, side: Side, report: Report, now: UnixMs) {
        let (me, _) = self.seats(side);
        me.stats = report.stats.or(me.stats.take());
        let news = me.reported != Some(report.state);
        self.state.updated_at = now;
        if news {
            // Candidates alone can be too many.
            let _ = self.relay(side, &Signal::ConnectionState { state: report.state }, now);
        }
    }

    /// The newest figures of the caller and of the callee.
    #[must_use]
    pub fn stats(&self) -> [Option<Box<WebRtcStats>>; 2] {
        [self.caller.stats.clone(), self.callee.stats.clone()]
    }

    fn seats(&mut self, side: Side) -> (&mut Seat, &mut Seat) {
        match side.other() {
            Side::Callee => (&mut self.caller, &mut self.callee),
            Side::Caller => (&mut self.callee, &mut self.caller),
        }
    }
}

impl Seat {
    fn new(user: UserId) -> Self {
        Self {
            user,
            settled: None,
            socket: None,
            waiting: Vec::new(),
            descriptions: Vec::new(),
            candidates: Vec::new(),
            ufrag: None,
            counted: 0,
            reported: None,
            stats: None,
        }
    }

    fn say_peer(&self, user_id: UserId, present: bool) {
        if let Some(socket) = &self.socket {
            socket.say_peer(user_id, present);
        }
    }

    /// Takes the place of an earlier socket of the device, or of the one that has waited longest where too many do.
    fn wait(&mut self, socket: Attendant) {
        let same = self.waiting.iter().position(|waiting| waiting.device == socket.device);
        let oldest = (self.waiting.len() >= WAITING_MAX).then_some(0);
        if let Some(at) = same.or(oldest) {
            self.waiting.remove(at).close();
        }
        self.waiting.push(socket);
    }

    fn describe(&mut self, description: Description, sdp: &str) {
        let ufrag = ufrag(sdp).to_owned();
        // Candidates of an earlier ICE generation are of no use to the new one.
        if self.ufrag.as_ref().is_some_and(|old| *old != ufrag) {
            self.candidates.clear();
        }
        self.ufrag = Some(ufrag);
        self.counted = self.candidates.len();
        self.descriptions.retain(|older| older.kind != description.kind);
        self.descriptions.push(description);
    }

    /// Gives what waits to the other member's socket, descriptions before candidates.
    fn flush_to(&mut self, other: &Self) {
        let Some(Attendant { outbox, .. }) = &other.socket else { return };
        for description in self.descriptions.drain(..) {
            outbox.text(description.text);
        }
        if self.ufrag.is_some() {
            for candidate in self.candidates.drain(..) {
                outbox.text(candidate);
            }
        }
    }
}

impl Attendant {
    fn say_peer(&self, user_id: UserId, present: bool) {
        self.outbox.text(Signal::Peer { user_id, present }.encode());
    }

    /// Another socket has the seat.
    fn close(self) {
        self.outbox.push(Outgoing::Close(Close::Superseded));
    }
}

/// The ICE user name fragment of an SDP (RFC 8839 section 5.4), empty where there is none.
fn ufrag(sdp: &str) -> &str {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap_or_default().trim_end()
}

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
