//! The machine: takes inputs to the state that they concern, and looks after what outlives a state.
use crate::{
    End, EndedBy, Failure, Input, Intent, MediaState, Output, PeerFact, Phase, Request, Role, SignalingFact,
    Time, View,
    errands::Errands,
    live::Stage,
    state::{Ended, Me, Over, Prepared, Ringing, State, peer_of},
};
use eyeline_protocol::{
    CallId, DeviceId, UserId,
    channel::ChannelMessage,
    rest::{EndReason, User},
    signal::Signal,
};
use std::{collections::VecDeque, mem};

/// Calls remembered as over, so that a late word of them does not ring. More than end while a message is on its way.
const FINISHED_MAX: usize = 16;

/// The call logic of one client device, for one call at a time and one after the other.
#[derive(Debug)]
pub struct CallMachine {
    pub(crate) me: Me,
    pub(crate) state: State,
    pub(crate) errands: Errands,
    /// Attempts to place a call so far.
    pub(crate) attempts: u32,
    local: MediaState,
    media_running: bool,
    /// Whose signaling socket is open, or being opened.
    signaling: Option<CallId>,
    finished: VecDeque<CallId>,
    /// Drained by the shell after each input. One input adds at most two negotiations' candidates and a few.
    pub(crate) out: VecDeque<Output>,
    shown: View,
}

impl CallMachine {
    /// A machine without a call, microphone and camera to be on.
    #[must_use]
    pub fn new(user: UserId, device: DeviceId) -> Self {
        let local = MediaState { microphone: true, camera: true };
        Self {
            me: Me { user, device },
            state: State::Idle,
            errands: Errands::default(),
            attempts: 0,
            local,
            media_running: false,
            signaling: None,
            finished: VecDeque::new(),
            out: VecDeque::new(),
            shown: view(&State::Idle, local),
        }
    }

    /// Takes one input. Then drain [`Self::poll_output`].
    pub fn handle(&mut self, input: Input, now: Time) {
        match input {
            Input::Intent(intent) => self.on_intent(intent, now),
            Input::Reply { request, result } => self.on_reply(request, result, now),
            Input::Event(event) => self.on_event(event, now),
            Input::Signaling { call_id, fact } => self.on_signaling(call_id, fact, now),
            Input::Peer { call_id, fact } => self.on_peer(call_id, fact, now),
            Input::Network(fact) => {
                if let Some(live) = self.state.live() {
                    live.on_network(fact, now, &mut self.out);
                }
            }
            Input::Timeout => self.on_timeout(now),
        }
        let view = view(&self.state, self.local);
        if view != self.shown {
            self.shown = view;
            self.out.push_back(Output::Changed);
        }
    }

    /// The next effect to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to bring [`Input::Timeout`]; may change with every input.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        let state = match &self.state {
            State::Idle | State::Ended(_) => None,
            State::Placing(placing) => Some(placing.deadline),
            State::Incoming(ringing) => Some(ringing.safety()),
            State::Outgoing(Prepared { ringing, live }) | State::Accepting(Prepared { ringing, live }) => {
                live.next_timeout().into_iter().chain([ringing.safety()]).min()
            }
            State::Live(live) => live.next_timeout(),
        };
        [state, self.errands.next_timeout()].into_iter().flatten().min()
    }

    /// What there is to show.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.shown
    }

    fn on_intent(&mut self, intent: Intent, now: Time) {
        match intent {
            Intent::Dial { callee } => self.dial(callee, now),
            Intent::Accept => self.accept(now),
            Intent::Decline => match &self.state {
                State::Incoming(_) => self.end(Over::ours(EndReason::Declined, EndedBy::Me), now),
                State::Idle
                | State::Placing(_)
                | State::Outgoing(_)
                | State::Accepting(_)
                | State::Live(_)
                | State::Ended(_) => {}
            },
            Intent::HangUp => self.hang_up(now),
            Intent::SetMicrophone(microphone) => self.set_media(MediaState { microphone, ..self.local }),
            Intent::SetCamera(camera) => self.set_media(MediaState { camera, ..self.local }),
            Intent::Dismiss => match &self.state {
                State::Ended(_) => self.state = State::Idle,
                State::Idle
                | State::Placing(_)
                | State::Outgoing(_)
                | State::Incoming(_)
                | State::Accepting(_)
                | State::Live(_) => {}
            },
        }
    }

    fn hang_up(&mut self, now: Time) {
        let reason = match &self.state {
            State::Idle | State::Ended(_) => return,
            State::Placing(_) | State::Outgoing(_) => EndReason::Cancelled,
            State::Incoming(_) => EndReason::Declined,
            State::Accepting(_) | State::Live(_) => EndReason::Hangup,
        };
        self.end(Over::ours(reason, EndedBy::Me), now);
    }

    fn set_media(&mut self, media: MediaState) {
        if media == self.local {
            return;
        }
        self.local = media;
        if self.media_running {
            self.out.push_back(Output::SetMedia(media));
        }
        if let Some(live) = self.state.live() {
            live.tell_peer(media, &mut self.out);
        }
    }

    pub(crate) fn open_signaling(&mut self, call_id: CallId) {
        if self.signaling != Some(call_id) {
            self.close_signaling();
            self.signaling = Some(call_id);
            self.out.push_back(Output::OpenSignaling(call_id));
        }
    }

    fn close_signaling(&mut self) {
        self.out.extend(self.signaling.take().map(Output::CloseSignaling));
    }

    pub(crate) fn start_media(&mut self) {
        if !mem::replace(&mut self.media_running, true) {
            self.out.push_back(Output::StartMedia(self.local));
        }
    }

    fn on_signaling(&mut self, call_id: CallId, fact: SignalingFact, now: Time) {
        if !self.is_present(call_id) {
            return;
        }
        let is_refused = fact == SignalingFact::Refused;
        if is_refused {
            // Nothing comes by it any more; a call that goes on opens it anew.
            self.close_signaling();
        }
        // Somebody has accepted, and the word of that is lost or late.
        let is_accepted = matches!(self.state, State::Outgoing(_))
            && matches!(fact, SignalingFact::Message(Signal::Answer { .. }));
        if is_refused || is_accepted {
            self.errands.start(Request::Fetch(call_id), now, &mut self.out);
        }
        if let Some(live) = self.state.live()
            && let Some(over) = live.on_signaling(fact, now, &mut self.out)
        {
            self.end(over, now);
        }
    }

    fn on_peer(&mut self, call_id: CallId, fact: PeerFact, now: Time) {
        if let Some(live) = self.state.live()
            && live.call.id == call_id
            && let Some(over) = live.on_peer(fact, self.local, now, &mut self.out)
        {
            self.end(over, now);
        }
    }

    fn on_timeout(&mut self, now: Time) {
        let over = match &mut self.state {
            State::Idle | State::Ended(_) => None,
            State::Placing(placing) => {
                if placing.deadline <= now {
                    let attempt = placing.attempt;
                    self.on_placed(attempt, Err(Failure::Unreachable), now);
                }
                None
            }
            State::Outgoing(prepared) if prepared.ringing.safety() <= now => {
                Some(Over::ours(EndReason::Missed, EndedBy::Nobody))
            }
            State::Accepting(prepared) if prepared.ringing.safety() <= now => {
                Some(Over::ours(EndReason::ConnectionFailed, EndedBy::Nobody))
            }
            State::Incoming(ringing) => {
                (ringing.safety() <= now).then(|| Over::told(EndReason::Missed, EndedBy::Nobody))
            }
            State::Outgoing(Prepared { live, .. })
            | State::Accepting(Prepared { live, .. })
            | State::Live(live) => live.on_timeout(now, &mut self.out),
        };
        if let Some(over) = over {
            self.end(over, now);
        }
        self.errands.on_timeout(now, &mut self.out);
    }

    /// Ends whatever call there is, once, and undoes what its state had begun.
    pub(crate) fn end(&mut self, over: Over, now: Time) {
        let (call, leave, connected_at) = match mem::replace(&mut self.state, State::Idle) {
            still @ (State::Idle | State::Ended(_)) => {
                self.state = still;
                return;
            }
            // Whatever the server makes of the attempt is left as soon as it has a name.
            State::Placing(placing) => {
                for call in &placing.early {
                    self.leave(call, now);
                }
                return self.show_end(None, placing.callee, Role::Caller, None, over, now);
            }
            State::Outgoing(Prepared { ringing: Ringing { call, .. }, live }) => {
                self.out.push_back(Output::StopRingback);
                live.stop(&mut self.out);
                let leave = Request::Cancel(call.id);
                (call, leave, None)
            }
            State::Incoming(Ringing { call, .. }) => {
                self.out.push_back(Output::StopRinging);
                let leave = Request::Decline(call.id);
                (call, leave, None)
            }
            State::Accepting(Prepared { ringing: Ringing { call, .. }, live }) => {
                live.stop(&mut self.out);
                let leave = Request::End(call.id, over.reason);
                (call, leave, None)
            }
            State::Live(live) => {
                if over.tell && over.by == EndedBy::Me {
                    live.tell_peer(ChannelMessage::Bye { reason: over.reason }, &mut self.out);
                }
                live.stop(&mut self.out);
                let leave = Request::End(live.call.id, over.reason);
                (live.call, leave, live.connected_at)
            }
        };
        self.errands.left(call.id);
        self.remember_finished(call.id);
        if over.tell {
            self.errands.start(leave, now, &mut self.out);
        }
        let role = self.me.role(&call);
        let peer = peer_of(&call, role).clone();
        self.show_end(Some(call.id), peer, role, connected_at, over, now);
    }

    pub(crate) fn show_end(
        &mut self,
        call_id: Option<CallId>,
        peer: User,
        role: Role,
        connected_at: Option<Time>,
        over: Over,
        now: Time,
    ) {
        self.close_signaling();
        if mem::replace(&mut self.media_running, false) {
            self.out.push_back(Output::StopMedia);
        }
        self.state = State::Ended(Ended {
            call_id,
            peer,
            role,
            connected_at,
            end: End { reason: over.reason, by: over.by, at: now, failure: over.failure },
        });
    }

    pub(crate) fn remember_finished(&mut self, call_id: CallId) {
        if !self.is_finished(call_id) {
            if self.finished.len() == FINISHED_MAX {
                self.finished.pop_front();
            }
            self.finished.push_back(call_id);
        }
    }

    /// Forgets that the call was left, and tells whether it was.
    pub(crate) fn want_again(&mut self, call_id: CallId) -> bool {
        let left_before = self.is_finished(call_id);
        self.finished.retain(|finished| *finished != call_id);
        self.errands.forget(call_id);
        left_before
    }

    pub(crate) fn is_finished(&self, call_id: CallId) -> bool {
        self.finished.contains(&call_id)
    }
}

fn view(state: &State, local: MediaState) -> View {
    let idle = View {
        phase: Phase::Idle,
        call_id: None,
        peer: None,
        role: None,
        ring_deadline: None,
        connected_at: None,
        local,
        remote: None,
        end: None,
    };
    let ringing = |phase, role, ringing: &Ringing| View {
        phase,
        call_id: Some(ringing.call.id),
        peer: Some(peer_of(&ringing.call, role).clone()),
        role: Some(role),
        ring_deadline: Some(ringing.deadline),
        ..idle.clone()
    };
    match state {
        State::Idle => idle,
        State::Placing(placing) => View {
            phase: Phase::Dialing,
            peer: Some(placing.callee.clone()),
            role: Some(Role::Caller),
            ..idle
        },
        State::Outgoing(prepared) => ringing(Phase::Ringing, Role::Caller, &prepared.ringing),
        State::Incoming(it) => ringing(Phase::Incoming, Role::Callee, it),
        State::Accepting(prepared) => {
            View { ring_deadline: None, ..ringing(Phase::Connecting, Role::Callee, &prepared.ringing) }
        }
        State::Live(live) => View {
            phase: match live.stage {
                Stage::Waiting | Stage::Connecting { .. } => Phase::Connecting,
                Stage::Active { .. } => Phase::Active,
                Stage::Reconnecting { .. } => Phase::Reconnecting,
            },
            call_id: Some(live.call.id),
            peer: Some(peer_of(&live.call, live.role).clone()),
            role: Some(live.role),
            connected_at: live.connected_at,
            remote: live.remote,
            ..idle
        },
        State::Ended(ended) => View {
            phase: Phase::Ended,
            call_id: ended.call_id,
            peer: Some(ended.peer.clone()),
            role: Some(ended.role),
            connected_at: ended.connected_at,
            end: Some(ended.end.clone()),
            ..idle
        },
    }
}
