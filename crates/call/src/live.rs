//! A call that this person wants, accepted or about to be: the way to a connection, and the way back to one.
mod ground;

use crate::{
    EndedBy, MediaState, Output, PeerFact, Role, SignalingFact, Time,
    hearing::Hearing,
    negotiate::{Negotiation, Progress},
    state::Over,
    time::backoff,
};
use eyeline_protocol::{
    DeviceId,
    channel::{ChannelMessage, is_eyeline},
    rest::{Call, EndReason},
    signal::{ConnectionState, Sdp, Signal},
};
use ground::Ground;
use std::{collections::VecDeque, time::Duration};

/// How long the first connection may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a lost path is looked for.
pub(crate) const RECONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a connection may be `disconnected` before an ICE restart: it often comes back by itself.
pub(crate) const DISCONNECTED_GRACE: Duration = Duration::from_millis(2500);
/// How long new descriptions may go without a first connection before others are tried: the other side's candidates may
/// have changed meanwhile.
const CONNECT_ATTEMPT: Duration = Duration::from_secs(10);
/// The callee's restarts come this much later than the caller's, so that most never collide.
const CALLEE_LAG: Duration = Duration::from_secs(1);
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) call: Call,
    pub(crate) role: Role,
    pub(crate) stage: Stage,
    pub(crate) connected_at: Option<Time>,
    pub(crate) remote: Option<MediaState>,
    connection: ConnectionState,
    negotiation: Negotiation,
    restarts: u32,
    restart_at: Option<Time>,
    ground: Ground,
    /// Whether this machine has no network at present.
    gone: bool,
    hearing: Hearing,
    channel_open: bool,
    peer_is_eyeline: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nobody has accepted yet, as far as is known.
    Waiting,
    Connecting {
        give_up: Time,
    },
    Active {
        /// When a disconnection counts as a loss.
        lost_at: Option<Time>,
    },
    Reconnecting {
        give_up: Time,
    },
}

type Out = VecDeque<Output>;

impl Live {
    /// Has everything ready for a call that is not accepted yet.
    pub(crate) fn prepare(call: Call, role: Role, out: &mut Out) -> Self {
        out.push_back(Output::CreatePeer { call_id: call.id, role });
        Self {
            call,
            role,
            stage: Stage::Waiting,
            connected_at: None,
            remote: None,
            connection: ConnectionState::New,
            negotiation: Negotiation::start(role, out),
            restarts: 0,
            restart_at: None,
            ground: Ground::Firm,
            gone: false,
            hearing: Hearing::default(),
            channel_open: false,
            peer_is_eyeline: false,
        }
    }

    /// The call is accepted. The path may be there already: whom the call is with may have been heard of sooner.
    pub(crate) fn begin(&mut self, call: Call, now: Time) {
        self.call = call;
        if self.stage == Stage::Waiting {
            self.stage = Stage::Connecting { give_up: now + CONNECT_TIMEOUT };
        }
    }

    /// Closes what [`Live::prepare`] has opened.
    pub(crate) fn stop(&self, out: &mut Out) {
        out.push_back(Output::ClosePeer(self.call.id));
    }

    pub(crate) fn peer_device(&self) -> Option<DeviceId> {
        match self.role {
            Role::Caller => self.call.callee_device,
            Role::Callee => Some(self.call.caller_device),
        }
    }

    /// Says something that only our own clients understand.
    pub(crate) fn tell_peer(&self, message: impl Into<ChannelMessage>, out: &mut Out) {
        if self.channel_open && self.peer_is_eyeline {
            out.push_back(Output::SendChannel(message.into()));
        }
    }

    pub(crate) fn on_signaling(&mut self, fact: SignalingFact, now: Time, out: &mut Out) -> Option<Over> {
        match fact {
            // The server tells by `peer` when there is somebody to talk to.
            SignalingFact::Up => {}
            SignalingFact::Down | SignalingFact::Refused => self.unlink(),
            SignalingFact::Message(signal) => return self.on_signal(signal, now, out),
        }
        None
    }

    fn on_signal(&mut self, signal: Signal, now: Time, out: &mut Out) -> Option<Over> {
        self.hearing.on_signal(&signal, now);
        match signal {
            Signal::Offer { offer } => {
                self.recognise(&offer);
                self.negotiation.on_offer(offer, out);
            }
            Signal::Answer { answer } => {
                self.recognise(&answer);
                let progress = self.negotiation.on_answer(answer, out);
                self.on_progress(progress, now);
            }
            Signal::IceCandidate { candidate } => {
                // The end of candidates, `null` or empty, is of no use: failure is known by time.
                if let Some(candidate) = candidate.filter(|c| !c.candidate.is_empty()) {
                    self.negotiation.on_candidate(candidate, out);
                }
            }
            Signal::ConnectionState { state } => self.on_peer_connection(state, now, out),
            Signal::Peer { present: true, .. } => self.link(now, out),
            Signal::Peer { present: false, .. } => {
                self.unlink();
                self.negotiation.await_peer(now, out);
            }
            Signal::Ended { reason } => return Some(Over::told(reason, EndedBy::told(reason, self.role))),
            Signal::Error { code, .. } if code == "resume_failed" => self.link(now, out),
            Signal::Error { .. } => {}
        }
        None
    }

    fn recognise(&mut self, description: &Sdp) {
        self.peer_is_eyeline = is_eyeline(&description.sdp);
    }

    fn link(&mut self, now: Time, out: &mut Out) {
        let may_return = match self.ground {
            Ground::Firm => self.connection == ConnectionState::Disconnected && self.negotiation.put_off(),
            Ground::Away => true,
            Ground::Lost => false,
        };
        if may_return {
            self.await_path(now);
        }
        let connected = self.connection == ConnectionState::Connected && self.ground != Ground::Lost;
        self.negotiation.link(connected, now, out);
    }

    fn unlink(&mut self) {
        self.negotiation.unlink();
        self.hearing.unlink();
    }

    /// The peer sees the path differently: of its losses the caller takes note, for it drives the restarts. A peer that
    /// misses us waits for a word before it gives its path up.
    fn on_peer_connection(&mut self, state: ConnectionState, now: Time, out: &mut Out) {
        match (state, self.role, self.stage) {
            (ConnectionState::Failed, Role::Caller, Stage::Active { .. }) => self.lose(now),
            (ConnectionState::Disconnected, _, _) if self.connection == ConnectionState::Connected => {
                out.push_back(Output::Send(Signal::ConnectionState { state: self.connection }));
            }
            (
                ConnectionState::New
                | ConnectionState::Connecting
                | ConnectionState::Connected
                | ConnectionState::Disconnected
                | ConnectionState::Failed
                | ConnectionState::Closed,
                Role::Caller | Role::Callee,
                Stage::Waiting | Stage::Connecting { .. } | Stage::Active { .. } | Stage::Reconnecting { .. },
            ) => {}
        }
    }

    pub(crate) fn on_peer(
        &mut self,
        fact: PeerFact,
        local: MediaState,
        now: Time,
        out: &mut Out,
    ) -> Option<Over> {
        match fact {
            PeerFact::OfferCreated { seq, offer } => {
                self.negotiation.on_offer_created(seq, offer, now, out);
            }
            PeerFact::AnswerCreated { seq, answer } => {
                let progress = self.negotiation.on_answer_created(seq, answer, out);
                self.on_progress(progress, now);
            }
            PeerFact::NegotiationFailed => match self.stage {
                Stage::Waiting | Stage::Connecting { .. } => {
                    return Some(Over::ours(EndReason::MediaFailed, EndedBy::Nobody));
                }
                Stage::Active { .. } | Stage::Reconnecting { .. } => self.negotiation.abandon(),
            },
            PeerFact::NoConnection => return Some(Over::ours(EndReason::ConnectionFailed, EndedBy::Nobody)),
            PeerFact::LocalCandidate(candidate) => self.negotiation.on_local_candidate(candidate, out),
            PeerFact::Connection(state) => self.on_connection(state, now, out),
            PeerFact::ChannelOpen => {
                self.channel_open = true;
                self.tell_peer(local, out);
            }
            PeerFact::Channel(message) => return self.on_channel(message),
        }
        None
    }

    fn on_channel(&mut self, message: ChannelMessage) -> Option<Over> {
        match message {
            ChannelMessage::MediaState { microphone, camera } => {
                self.remote = Some(MediaState { microphone, camera });
                None
            }
            // The server is told as well: the peer may not reach it.
            ChannelMessage::Bye { reason } => Some(Over::ours(reason, EndedBy::told(reason, self.role))),
            ChannelMessage::Text { .. } | ChannelMessage::Ack { .. } | ChannelMessage::View { .. } => None,
        }
    }

    fn on_connection(&mut self, state: ConnectionState, now: Time, out: &mut Out) {
        if state == self.connection {
            return;
        }
        self.connection = state;
        if self.negotiation.linked() {
            out.push_back(Output::Send(Signal::ConnectionState { state }));
        }
        match (state, self.stage) {
            (ConnectionState::Connected, _) => {
                self.stage = Stage::Active { lost_at: None };
                self.connected_at.get_or_insert(now);
                self.restarts = 0;
                self.restart_at = None;
                self.ground = Ground::Firm;
                self.hearing.found();
            }
            (ConnectionState::Disconnected, Stage::Active { .. }) => {
                self.stage = Stage::Active { lost_at: Some(now + DISCONNECTED_GRACE) };
                self.hearing.lost(now, self.peer_is_eyeline);
                out.push_back(Output::CheckSignaling(self.call.id));
            }
            // An ICE restart: over before a person notices, or a loss like another.
            (ConnectionState::Connecting, Stage::Active { lost_at }) => {
                self.stage = Stage::Active { lost_at: lost_at.or(Some(now + DISCONNECTED_GRACE)) };
            }
            (ConnectionState::Failed | ConnectionState::Closed, Stage::Active { .. }) => self.lose(now),
            (
                ConnectionState::Failed | ConnectionState::Closed,
                Stage::Waiting | Stage::Connecting { .. },
            ) => {
                // Before any other time but one that was put off by a restart.
                let at = self.restart_at.filter(|_| self.restarts > 0);
                self.restart_at = at.or(Some(now + self.lag()));
            }
            (ConnectionState::Failed | ConnectionState::Closed, Stage::Reconnecting { .. })
            | (
                ConnectionState::Disconnected | ConnectionState::Connecting,
                Stage::Waiting | Stage::Connecting { .. } | Stage::Reconnecting { .. },
            )
            | (
                ConnectionState::New,
                Stage::Waiting | Stage::Connecting { .. } | Stage::Active { .. } | Stage::Reconnecting { .. },
            ) => {}
        }
    }

    fn lag(&self) -> Duration {
        match self.role {
            Role::Caller => Duration::ZERO,
            Role::Callee => CALLEE_LAG,
        }
    }

    fn lose(&mut self, now: Time) {
        self.stage = Stage::Reconnecting { give_up: now + RECONNECT_TIMEOUT };
        self.restart_at = Some(now + self.lag());
    }

    /// New descriptions deserve their time before the next restart, whichever side has begun it; but not those of a network
    /// that is gone.
    fn on_progress(&mut self, progress: Progress, now: Time) {
        if progress == Progress::Settled && self.negotiation.was_outdated() {
            self.restart_at = Some(now);
            return;
        }
        let next = now + backoff(self.restarts.max(1)) + self.lag();
        match (progress, &mut self.restart_at, self.stage) {
            (Progress::Settled, Some(at), _) => *at = (*at).max(next),
            (Progress::Settled, at @ None, Stage::Waiting | Stage::Connecting { .. }) => {
                *at = Some(now + CONNECT_ATTEMPT)
            }
            (Progress::Settled, None, Stage::Active { .. } | Stage::Reconnecting { .. })
            | (Progress::Pending, ..) => {}
        }
    }

    /// When to look for new paths: not before the peer is known to hear of it.
    fn restart_due(&self) -> Option<Time> {
        self.restart_at.map(|at| self.hearing.not_before(at))
    }

    pub(crate) fn next_timeout(&self) -> Option<Time> {
        let stage = match self.stage {
            Stage::Connecting { give_up } | Stage::Reconnecting { give_up } => Some(give_up),
            Stage::Active { lost_at } => lost_at,
            Stage::Waiting => None,
        };
        [stage, self.restart_due(), self.negotiation.next_timeout()].into_iter().flatten().min()
    }

    pub(crate) fn on_timeout(&mut self, now: Time, out: &mut Out) -> Option<Over> {
        match self.stage {
            Stage::Connecting { give_up } | Stage::Reconnecting { give_up } if give_up <= now => {
                return Some(Over::ours(EndReason::ConnectionFailed, EndedBy::Nobody));
            }
            Stage::Active { lost_at: Some(at) } if at <= now => self.lose(now),
            Stage::Waiting | Stage::Connecting { .. } | Stage::Active { .. } | Stage::Reconnecting { .. } => {
            }
        }
        if self.restart_due().is_some_and(|at| at <= now) {
            self.negotiation.restart(now, out);
            if self.ground == Ground::Away && !self.negotiation.is_settled() {
                self.ground = Ground::Lost;
            }
            self.restart_at = Some(now + backoff(self.restarts));
            self.restarts += 1;
        }
        self.negotiation.on_timeout(now, out);
        None
    }
}
