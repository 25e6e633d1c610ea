//! Carries out what the call logic asks for, and brings it what has come of it.
use super::{
    Actor, Message,
    line::LineUpdate,
    negotiator::Outcome,
    view::{self, Beside},
};
use crate::{
    clock::unix_ms,
    peer::PeerEvent,
    signaling::{Api, SignalingError, relay::RelayUpdate},
    snapshot::{CallView, NoticeCode},
    studio::StudioEvent,
    viewer::Side,
};
use eyeline_call::{Failure, Input, Intent, Output, PeerFact, Phase, Request, SignalingFact};
use eyeline_media::device::DeviceError;
use eyeline_protocol::{CallId, channel::ChannelMessage, rest::Call};

impl Actor {
    /// One input to the call logic, and everything that follows from it.
    pub(super) fn feed(&mut self, input: Input) {
        let now = self.clock.now();
        let Some(machine) = &mut self.machine else { return };
        machine.handle(input, now);
        while let Some(output) = self.machine.as_mut().and_then(eyeline_call::CallMachine::poll_output) {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Request(request) => self.request(request),
            Output::Report(event) => {
                if let Some(account) = self.account.signed_in() {
                    account.events.send(event);
                }
            }
            Output::OpenSignaling(call) => {
                if let Some(account) = self.account.signed_in() {
                    self.line.open_relay(account.api.clone(), call, self.nudge.listen());
                }
            }
            Output::CheckSignaling(_) => self.nudge.check(),
            Output::CloseSignaling(_) => self.line.close_relay(),
            Output::Send(signal) => self.line.send_signal(&signal),
            Output::CreatePeer { call_id, .. } => {
                if let Some(account) = self.account.signed_in() {
                    self.line.make_peer(call_id, &self.config.media, account.ice.servers());
                }
            }
            Output::ClosePeer(_) => {
                if let Some(farewell) = self.line.close_peer() {
                    self.errands.spawn(async move {
                        farewell.await;
                        None
                    });
                }
            }
            Output::CreateOffer { seq, ice_restart } => self.line.create_offer(seq, ice_restart),
            Output::AcceptOffer { seq, offer, rollback } => self.line.accept_offer(seq, offer, rollback),
            Output::ApplyAnswer(answer) => self.line.apply_answer(answer),
            Output::AddCandidate(candidate) => self.line.add_candidate(candidate),
            Output::SendChannel(message) => self.line.send_channel(message),
            Output::StartMedia(media) => self.line.studio.start(media),
            Output::SetMedia(media) => self.line.studio.set(media),
            Output::StopMedia => self.line.studio.stop(),
            // The UI rings by itself: the phase tells it.
            Output::StartRinging | Output::StopRinging | Output::StartRingback | Output::StopRingback => {}
            Output::Changed => self.on_view_changed(),
        }
    }

    fn on_view_changed(&mut self) {
        let Some(machine) = &self.machine else { return };
        let view = machine.view();
        self.line.studio.set_remote_camera(view.remote.is_none_or(|remote| remote.camera));
        if view.remote.is_some_and(|remote| !remote.camera) {
            self.viewer.cleared(Side::Remote);
        }
        match view.phase {
            Phase::Idle | Phase::Dialing | Phase::Incoming => {
                self.line.new_call();
                self.stats.send_replace(None);
            }
            Phase::Ended => {
                self.forget_trouble();
                self.line.end_chat();
                self.viewer.cleared(Side::Own);
                self.viewer.cleared(Side::Remote);
            }
            Phase::Ringing | Phase::Connecting | Phase::Active | Phase::Reconnecting => {}
        }
    }

    fn request(&mut self, request: Request) {
        let Some(account) = self.account.signed_in() else {
            return;
        };
        let api = account.api.clone();
        self.errands.spawn(async move {
            let result = perform(&api, &request).await.map_err(failure);
            Some(Message::Reply { request, result: Box::new(result) })
        });
    }

    pub(super) fn on_line(&mut self, update: LineUpdate) {
        match update {
            LineUpdate::Relay(call_id, update) => {
                let fact = match update {
                    RelayUpdate::Up => {
                        // There is a way to the server again: the events socket need not wait to find it.
                        self.nudge.check();
                        SignalingFact::Up
                    }
                    RelayUpdate::Down => SignalingFact::Down,
                    RelayUpdate::Gone => SignalingFact::Refused,
                    RelayUpdate::Signal(signal) => SignalingFact::Message(signal),
                };
                self.feed(Input::Signaling { call_id, fact });
            }
            LineUpdate::Peer(call_id, outcome) => self.on_outcome(call_id, outcome),
            LineUpdate::Studio(event) => self.on_studio(event),
            LineUpdate::Nothing => {}
        }
    }

    fn on_outcome(&mut self, call_id: CallId, outcome: Outcome) {
        let fact = match outcome {
            Outcome::OfferCreated { seq, offer } => PeerFact::OfferCreated { seq, offer },
            Outcome::AnswerCreated { seq, answer } => PeerFact::AnswerCreated { seq, answer },
            Outcome::NegotiationFailed => PeerFact::NegotiationFailed,
            Outcome::NoConnection => PeerFact::NoConnection,
            Outcome::NotSent(message) => return self.line.not_sent(&message),
            Outcome::Stats(peer, ice) => {
                self.line.local = peer.path.as_ref().and_then(|path| path.local_address);
                let stats = self.line.studio.stats(&peer, ice);
                self.line.take_stats(stats.clone());
                self.stats.send_replace(Some(stats));
                return;
            }
            Outcome::Event(event) => match event {
                PeerEvent::LocalCandidate(Some(candidate)) => PeerFact::LocalCandidate(candidate),
                PeerEvent::State(state) => {
                    self.line.set_state(state);
                    PeerFact::Connection(state)
                }
                PeerEvent::ChannelOpen => {
                    self.line.open_channel();
                    PeerFact::ChannelOpen
                }
                PeerEvent::ChannelClosed => return self.line.close_chat(),
                PeerEvent::ChannelMessage(text) => match ChannelMessage::decode(&text) {
                    Ok(message) => {
                        self.line.read_channel(&message, unix_ms());
                        PeerFact::Channel(message)
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a channel message was not understood");
                        return;
                    }
                },
                // The end of candidates needs no mark: checks go on until a pair works.
                PeerEvent::LocalCandidate(None) => return,
                PeerEvent::IceState(state) => {
                    tracing::debug!(state = state.name(), "ICE");
                    return;
                }
            },
        };
        self.feed(Input::Peer { call_id, fact });
    }

    fn on_studio(&mut self, event: StudioEvent) {
        match event {
            StudioEvent::Trouble(code, error) => self.on_trouble(code, &error),
            StudioEvent::KeyFrameNeeded => self.line.request_key_frame(),
            StudioEvent::Tick => self.line.ask_stats(),
            StudioEvent::View => self.line.tell_view(),
            // What has been seen is in the next snapshot.
            StudioEvent::Seen => {}
        }
    }

    /// A device cannot be used: the other side sees that nothing comes from it, and the person may try again.
    fn on_trouble(&mut self, code: NoticeCode, error: &DeviceError) {
        // A film that has ended is no trouble.
        if !matches!(error, DeviceError::Ended(_)) {
            self.notify(code, error.to_string());
        }
        match code {
            NoticeCode::Camera => {
                self.troubled.camera = true;
                self.feed(Input::Intent(Intent::SetCamera(false)));
            }
            NoticeCode::Microphone => {
                self.troubled.microphone = true;
                self.feed(Input::Intent(Intent::SetMicrophone(false)));
            }
            // A speaker sends nothing; the others concern no device.
            _ => {}
        }
    }

    /// What a device's trouble turned off in the last call is tried again in the next: nobody should go on muted unawares.
    fn forget_trouble(&mut self) {
        let troubled = std::mem::take(&mut self.troubled);
        if troubled.camera {
            self.feed(Input::Intent(Intent::SetCamera(true)));
        }
        if troubled.microphone {
            self.feed(Input::Intent(Intent::SetMicrophone(true)));
        }
    }

    pub(super) fn call_view(&self) -> Option<CallView> {
        let machine = self.machine.as_ref()?;
        let beside = Beside {
            chat: &self.line.chat,
            chat_open: self.line.chat_open,
            stats: self.line.stats.as_ref(),
            seen: self.line.studio.seen(),
        };
        view::call_view(machine.view(), beside, &self.clock)
    }
}

async fn perform(api: &Api, request: &Request) -> Result<Call, SignalingError> {
    match request {
        Request::Initiate { callee, .. } => api.initiate(*callee).await,
        Request::Accept(call) => api.accept(*call).await,
        Request::Decline(call) => api.decline(*call).await,
        Request::Cancel(call) => api.cancel(*call).await,
        Request::End(call, reason) => api.end(*call, *reason).await,
        Request::Fetch(call) => api.call(*call).await,
    }
}

fn failure(error: SignalingError) -> Failure {
    if error.is_transient() {
        return Failure::Unreachable;
    }
    let message = error.to_string();
    match error {
        SignalingError::Refused { detail, .. } => {
            Failure::Refused { code: detail.code, message: detail.message }
        }
        SignalingError::SignedOut => Failure::Refused { code: "signed_out".into(), message },
        SignalingError::Unreachable(_) | SignalingError::NotAServer(_) => Failure::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signaling::fake::FakeServer;

    #[tokio::test]
    async fn a_page_that_a_proxy_shows_while_the_server_restarts_refuses_nothing() {
        let server = FakeServer::start().await;
        let api = server.api("token").await;
        for head in ["404 Not Found", "200 OK"] {
            let page = async { server.request().await.answer(head, "<html>").await };
            let request = Request::End(CallId::new(), eyeline_protocol::rest::EndReason::Hangup);
            let (result, ()) = tokio::join!(perform(&api, &request), page);
            assert_eq!(result.map_err(failure), Err(Failure::Unreachable), "{head}");
        }
    }
}
