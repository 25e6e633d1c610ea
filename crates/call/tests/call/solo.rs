//! One machine against scripted inputs.
use eyeline_call::{
    CallMachine, Failure, Input, Intent, Output, PeerFact, Phase, Request, SignalingFact, Time,
};
use eyeline_protocol::{
    CallId, DeviceId, UserId,
    event::Event,
    rest::{Call, CallStatus, EndReason, Presence, User},
    signal::{ConnectionState, IceCandidate, Sdp, SdpKind, Signal},
};
use uuid::Uuid;

pub const ME: u128 = 1;
pub const PEER: u128 = 2;
pub const THIRD: u128 = 3;

pub fn user(n: u128) -> User {
    User {
        id: UserId(Uuid::from_u128(n)),
        username: format!("user{n}"),
        display_name: format!("User {n}"),
        presence: Presence::Online,
    }
}

pub fn device(n: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(n * 100))
}

pub fn call_id(n: u128) -> CallId {
    CallId(Uuid::from_u128(n))
}

/// A pending call, version 1, from the first device of `caller`.
pub fn pending(id: u128, caller: u128, callee: u128) -> Call {
    Call {
        id: call_id(id),
        caller: user(caller),
        callee: user(callee),
        status: CallStatus::Pending,
        version: 1,
        caller_device: device(caller),
        callee_device: None,
        ring_ms_left: Some(60_000),
        end_reason: None,
        created_at: "2026-01-21T10:30:00Z".into(),
        accepted_at: None,
        ended_at: None,
    }
}

pub fn ongoing(mut call: Call, by: DeviceId) -> Call {
    call.status = CallStatus::Ongoing;
    call.version += 1;
    call.callee_device = Some(by);
    call.ring_ms_left = None;
    call
}

pub fn ended(mut call: Call, reason: EndReason) -> Call {
    call.status = CallStatus::Ended;
    call.version += 1;
    call.end_reason = Some(reason);
    call
}

pub fn refused(code: &str) -> Failure {
    Failure::Refused { code: code.into(), message: "no".into() }
}

pub fn sdp(kind: SdpKind, name: &str) -> Sdp {
    Sdp { kind, sdp: format!("v=0\r\ns={name}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n") }
}

/// The same as one of our own clients writes it.
pub fn eyeline_sdp(kind: SdpKind, name: &str) -> Sdp {
    eyeline_protocol::channel::tool_marked(sdp(kind, name))
}

pub fn candidate(name: &str) -> IceCandidate {
    IceCandidate {
        candidate: format!("candidate:{name}"),
        sdp_m_line_index: Some(0),
        sdp_mid: Some("0".into()),
        username_fragment: None,
    }
}

/// How many ICE restarts are asked for.
pub fn restarts(outputs: &[Output]) -> usize {
    outputs.iter().filter(|o| matches!(o, Output::CreateOffer { ice_restart: true, .. })).count()
}

pub struct Solo {
    pub machine: CallMachine,
    pub now: u64,
}

impl Solo {
    pub fn new() -> Self {
        Self { machine: CallMachine::new(user(ME).id, device(ME)), now: 1_000 }
    }

    pub fn step(&mut self, input: Input) -> Vec<Output> {
        self.machine.handle(input, Time::from_ms(self.now));
        std::iter::from_fn(|| self.machine.poll_output()).collect()
    }

    pub fn intent(&mut self, intent: Intent) -> Vec<Output> {
        self.step(Input::Intent(intent))
    }

    pub fn dial(&mut self, callee: u128) -> Vec<Output> {
        self.intent(Intent::Dial { callee: user(callee) })
    }

    pub fn reply(&mut self, request: Request, result: Result<Call, Failure>) -> Vec<Output> {
        self.step(Input::Reply { request, result })
    }

    pub fn placed(&mut self, attempt: u32, result: Result<Call, Failure>) -> Vec<Output> {
        let callee = user(PEER).id;
        self.reply(Request::Initiate { attempt, callee }, result)
    }

    pub fn incoming(&mut self, call: Call) -> Vec<Output> {
        self.step(Input::Event(Event::IncomingCall { call }))
    }

    pub fn update(&mut self, call: Call) -> Vec<Output> {
        self.step(Input::Event(Event::CallUpdate { call }))
    }

    pub fn welcome(&mut self, calls: Vec<Call>) -> Vec<Output> {
        let user = user(ME);
        self.step(Input::Event(Event::Welcome { user, calls }))
    }

    pub fn signal(&mut self, signal: Signal) -> Vec<Output> {
        let call_id = self.call_id();
        let fact = SignalingFact::Message(signal);
        self.step(Input::Signaling { call_id, fact })
    }

    pub fn peer_present(&mut self) -> Vec<Output> {
        self.signal(Signal::Peer { user_id: user(PEER).id, present: true })
    }

    pub fn peer_absent(&mut self) -> Vec<Output> {
        self.signal(Signal::Peer { user_id: user(PEER).id, present: false })
    }

    pub fn fact(&mut self, fact: PeerFact) -> Vec<Output> {
        let call_id = self.call_id();
        self.step(Input::Peer { call_id, fact })
    }

    pub fn connection(&mut self, state: ConnectionState) -> Vec<Output> {
        self.fact(PeerFact::Connection(state))
    }

    /// Moves time to each timeout up to `ms` from now, and there.
    pub fn wait(&mut self, ms: u64) -> Vec<Output> {
        let end = self.now + ms;
        let mut outputs = Vec::new();
        while let Some(at) = self.machine.poll_timeout().filter(|at| at.as_ms() <= end) {
            self.now = self.now.max(at.as_ms());
            outputs.extend(self.step(Input::Timeout));
            let next = self.machine.poll_timeout();
            assert!(next.is_none_or(|next| next > at), "time makes progress");
        }
        self.now = end;
        outputs
    }

    pub fn phase(&self) -> Phase {
        self.machine.view().phase
    }

    pub fn end_reason(&self) -> Option<EndReason> {
        self.machine.view().end.as_ref().map(|end| end.reason)
    }

    fn call_id(&self) -> CallId {
        self.machine.view().call_id.expect("there is a call")
    }

    /// It rings at the peer: call 10.
    pub fn ringing() -> Self {
        let mut solo = Self::new();
        solo.dial(PEER);
        let outputs = solo.placed(1, Ok(pending(10, ME, PEER)));
        assert!(outputs.iter().any(|o| matches!(o, Output::CreateOffer { seq: 1, ice_restart: false })));
        assert_eq!(solo.phase(), Phase::Ringing);
        solo
    }

    /// The peer calls: call 10.
    pub fn rung() -> Self {
        let mut solo = Self::new();
        solo.incoming(pending(10, PEER, ME));
        assert_eq!(solo.phase(), Phase::Incoming);
        solo
    }

    /// The peer has accepted call 10; an offer is still being made.
    pub fn caller_connecting() -> Self {
        let mut solo = Self::ringing();
        solo.update(ongoing(pending(10, ME, PEER), device(PEER)));
        assert_eq!(solo.phase(), Phase::Connecting);
        solo
    }

    /// Call 10 of the peer is accepted here; its offer is awaited.
    pub fn callee_connecting() -> Self {
        let mut solo = Self::rung();
        solo.intent(Intent::Accept);
        solo.reply(Request::Accept(call_id(10)), Ok(ongoing(pending(10, PEER, ME), device(ME))));
        assert_eq!(solo.phase(), Phase::Connecting);
        solo
    }

    /// Offer and answer have been exchanged with one of our own clients; media flows.
    pub fn caller_active() -> Self {
        let mut solo = Self::caller_connecting();
        solo.peer_present();
        solo.fact(PeerFact::OfferCreated { seq: 1, offer: sdp(SdpKind::Offer, "o1") });
        solo.signal(Signal::Answer { answer: eyeline_sdp(SdpKind::Answer, "a1") });
        solo.connection(ConnectionState::Connected);
        solo.fact(PeerFact::ChannelOpen);
        assert_eq!(solo.phase(), Phase::Active);
        solo
    }

    /// The same on the other side.
    pub fn callee_active() -> Self {
        let mut solo = Self::callee_connecting();
        solo.peer_present();
        solo.signal(Signal::Offer { offer: eyeline_sdp(SdpKind::Offer, "o1") });
        solo.fact(PeerFact::AnswerCreated { seq: 1, answer: sdp(SdpKind::Answer, "a1") });
        solo.connection(ConnectionState::Connected);
        solo.fact(PeerFact::ChannelOpen);
        assert_eq!(solo.phase(), Phase::Active);
        solo
    }
}

pub fn requests(outputs: &[Output]) -> Vec<Request> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Request(request) => Some(request.clone()),
            _other => None,
        })
        .collect()
}

pub fn sent(outputs: &[Output]) -> Vec<Signal> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(signal) => Some(signal.clone()),
            _other => None,
        })
        .collect()
}
