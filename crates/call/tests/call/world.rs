//! Devices, the server between them, and a network that delays, loses and reorders, in virtual time.
use crate::{
    peer::Peer,
    server::{Member, Server},
    solo::{device, user},
};
use eyeline_call::{
    CallMachine, End, Failure, Input, Intent, Output, PeerFact, Phase, Request, SignalingFact, Time,
};
use eyeline_protocol::{
    CallId, DeviceId,
    event::Event,
    rest::{Call, CallStatus},
    signal::{ConnectionState, Signal},
};
use std::collections::BTreeMap;

/// What one input may put out at most: two negotiations' candidates and a few.
const OUTPUTS_MAX: usize = 450;

/// How bad the way to the server is, while it is bad.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Percent of relayed messages that are lost.
    pub relay_loss: u64,
    /// Whether relayed messages overtake each other.
    pub reorder: bool,
    /// Percent of requests that are lost, and as many answers.
    pub rest_loss: u64,
    /// Longest delay, in milliseconds.
    pub delay_ms: u64,
}

pub struct Device {
    pub member: Member,
    pub machine: CallMachine,
    pub peer: Option<Peer>,
    socket: Option<CallId>,
    events_up: bool,
    sounds: BTreeMap<&'static str, bool>,
    ends: BTreeMap<CallId, End>,
}

enum Delivery {
    Input(usize, Input),
    Request(usize, Request),
    Relay(usize, CallId, Signal),
    SocketOpen(usize, CallId),
    Connected(CallId),
    Broken(CallId, ConnectionState),
    EventsUp(usize),
    PathUp,
}

pub struct World {
    pub now: u64,
    pub devices: Vec<Device>,
    pub server: Server,
    pub weather: Weather,
    path_up: bool,
    /// Credentials made before the network changed.
    stale_before: u64,
    queue: BTreeMap<(u64, u64), Delivery>,
    /// When the last message of an ordered channel arrives.
    channels: BTreeMap<(usize, &'static str), u64>,
    serial: u64,
    seed: u64,
}

impl World {
    /// One device for each of these persons.
    pub fn new(people: &[u128], weather: Weather, seed: u64) -> Self {
        let member = |(n, &user): (usize, &u128)| Member {
            user,
            device: device(user + 10 * n as u128),
        };
        let devices = people.iter().enumerate().map(member).map(|member| Device {
            member,
            machine: CallMachine::new(user(member.user).id, member.device),
            peer: None,
            socket: None,
            events_up: true,
            sounds: BTreeMap::new(),
            ends: BTreeMap::new(),
        });
        Self {
            now: 1_000,
            devices: devices.collect(),
            server: Server {
                conflicts_are_errors: seed.is_multiple_of(2),
                ..Server::default()
            },
            weather,
            path_up: true,
            stale_before: 0,
            queue: BTreeMap::new(),
            channels: BTreeMap::new(),
            serial: 0,
            seed,
        }
    }

    /// splitmix64.
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below.max(1)
    }

    fn post(&mut self, at: u64, delivery: Delivery) {
        self.serial += 1;
        self.queue.insert((at, self.serial), delivery);
    }

    fn post_delayed(&mut self, channel: Option<(usize, &'static str)>, delivery: Delivery) {
        let mut at = self.now + 5 + self.random(self.weather.delay_ms + 1);
        if let Some(channel) = channel {
            let last = self.channels.entry(channel).or_default();
            at = at.max(*last);
            *last = at;
        }
        self.post(at, delivery);
    }

    pub fn intent(&mut self, n: usize, intent: Intent) {
        self.feed(n, Input::Intent(intent));
    }

    pub fn dial(&mut self, from: usize, to: usize) {
        let callee = user(self.devices[to].member.user);
        self.intent(from, Intent::Dial { callee });
    }

    pub fn phase(&self, n: usize) -> Phase {
        self.devices[n].machine.view().phase
    }

    pub fn phases(&self) -> Vec<Phase> {
        (0..self.devices.len()).map(|n| self.phase(n)).collect()
    }

    fn feed(&mut self, n: usize, input: Input) {
        let timeout = input == Input::Timeout;
        let machine = &mut self.devices[n].machine;
        machine.handle(input, Time::from_ms(self.now));
        let outputs: Vec<_> = std::iter::from_fn(|| machine.poll_output()).collect();
        assert!(outputs.len() <= OUTPUTS_MAX, "bounded");
        if timeout {
            let next = machine.poll_timeout();
            assert!(
                next.is_none_or(|next| next.as_ms() > self.now),
                "time makes progress"
            );
        }
        for output in outputs {
            self.perform(n, output);
        }
        self.devices[n].check();
        self.tell();
    }

    fn perform(&mut self, n: usize, output: Output) {
        let dev = &mut self.devices[n];
        match &output {
            Output::Request(request) => self.post_delayed(None, Delivery::Request(n, request.clone())),
            Output::OpenSignaling(id) => {
                dev.switch("signaling", true);
                self.post_delayed(None, Delivery::SocketOpen(n, *id));
            }
            Output::CloseSignaling(_) => {
                dev.switch("signaling", false);
                self.close_socket(n);
            }
            Output::Send(signal) => {
                let Some(id) = dev.socket else { return };
                let lost = self.random(100) < self.weather.relay_loss;
                let channel = (!self.weather.reorder).then_some((n, "relay"));
                if !lost {
                    self.post_delayed(channel, Delivery::Relay(n, id, signal.clone()));
                }
            }
            Output::CreatePeer { call_id, .. } => {
                dev.switch("peer", true);
                dev.peer = Some(Peer::new(*call_id));
            }
            Output::ClosePeer(id) => {
                dev.switch("peer", false);
                dev.peer = None;
                // The other end notices in its own time.
                self.break_path(*id);
            }
            Output::SendChannel(message) => {
                let Some(id) = dev.peer.as_ref().filter(|p| p.connected).map(|p| p.call_id) else {
                    return;
                };
                if let Some(other) = self.other_peer(n, id).filter(|_| self.path_up) {
                    let fact = PeerFact::Channel(message.clone());
                    let input = Input::Peer { call_id: id, fact };
                    self.post_delayed(Some((n, "channel")), Delivery::Input(other, input));
                }
            }
            Output::StartMedia(_) => dev.switch("media", true),
            Output::SetMedia(_) => assert!(dev.is_on("media")),
            Output::StopMedia => dev.switch("media", false),
            Output::StartRinging => dev.switch("ringing", true),
            Output::StopRinging => dev.switch("ringing", false),
            Output::StartRingback => dev.switch("ringback", true),
            Output::StopRingback => dev.switch("ringback", false),
            Output::CreateOffer { .. }
            | Output::AcceptOffer { .. }
            | Output::ApplyAnswer(_)
            | Output::AddCandidate(_) => {
                self.serial += 1;
                let peer = dev.peer.as_mut().expect("a peer connection");
                let call_id = peer.call_id;
                for fact in peer.perform(&output, self.serial) {
                    self.post_delayed(
                        Some((n, "peer")),
                        Delivery::Input(n, Input::Peer { call_id, fact }),
                    );
                }
                self.check_pair(call_id);
            }
            Output::Report(_) | Output::Changed => {}
        }
    }

    fn pair(&self, id: CallId) -> Vec<usize> {
        let has = |n: &usize| {
            self.devices[*n]
                .peer
                .as_ref()
                .is_some_and(|peer| peer.call_id == id)
        };
        (0..self.devices.len()).filter(has).collect()
    }

    fn other_peer(&self, n: usize, id: CallId) -> Option<usize> {
        self.pair(id).into_iter().find(|other| *other != n)
    }

    fn pair_fits(&self, id: CallId) -> bool {
        let [a, b] = self.pair(id)[..] else { return false };
        let (Some(a), Some(b)) = (&self.devices[a].peer, &self.devices[b].peer) else {
            return false;
        };
        let fresh = |peer: &Peer| peer.local.is_some_and(|ufrag| ufrag >= self.stale_before);
        self.path_up && a.fits(b) && fresh(a) && fresh(b)
    }

    fn check_pair(&mut self, id: CallId) {
        if self.pair_fits(id) {
            self.post(self.now + 100, Delivery::Connected(id));
        }
    }

    fn break_path(&mut self, id: CallId) {
        for n in self.pair(id) {
            let peer = self.devices[n].peer.as_mut().expect("a peer connection");
            peer.connected = false;
        }
        self.post(
            self.now + 1_000,
            Delivery::Broken(id, ConnectionState::Disconnected),
        );
        self.post(self.now + 8_000, Delivery::Broken(id, ConnectionState::Failed));
    }

    fn live_peers(&self) -> Vec<CallId> {
        let mut ids: Vec<_> = self
            .devices
            .iter()
            .filter_map(|d| d.peer.as_ref().map(|p| p.call_id))
            .collect();
        ids.dedup();
        ids
    }

    pub fn path_down(&mut self, ms: u64) {
        self.path_up = false;
        for id in self.live_peers() {
            self.break_path(id);
        }
        self.post(self.now + ms, Delivery::PathUp);
    }

    /// Old credentials no longer work, as after a change of address.
    pub fn network_changes(&mut self) {
        self.stale_before = self.serial;
        for id in self.live_peers() {
            self.break_path(id);
        }
    }

    pub fn events_down(&mut self, n: usize, ms: u64) {
        self.devices[n].events_up = false;
        self.post(self.now + ms, Delivery::EventsUp(n));
    }

    pub fn signaling_down(&mut self, n: usize) {
        if let Some(id) = self.close_socket(n) {
            self.signaling_fact(n, id, SignalingFact::Down);
            self.post_delayed(None, Delivery::SocketOpen(n, id));
        }
    }

    fn close_socket(&mut self, n: usize) -> Option<CallId> {
        let id = self.devices[n].socket.take()?;
        for other in (0..self.devices.len())
            .filter(|other| self.devices[*other].socket == Some(id))
            .collect::<Vec<_>>()
        {
            self.present(other, n, id, false);
        }
        Some(id)
    }

    fn present(&mut self, to: usize, who: usize, id: CallId, present: bool) {
        let user_id = user(self.devices[who].member.user).id;
        self.signaling_fact(to, id, SignalingFact::Message(Signal::Peer { user_id, present }));
    }

    fn signaling_fact(&mut self, n: usize, call_id: CallId, fact: SignalingFact) {
        self.post_delayed(
            Some((n, "signaling")),
            Delivery::Input(n, Input::Signaling { call_id, fact }),
        );
    }

    /// Passes the server's news on to the devices that are reachable.
    fn tell(&mut self) {
        for call in std::mem::take(&mut self.server.news) {
            for n in 0..self.devices.len() {
                let dev = &self.devices[n];
                let me = user(dev.member.user).id;
                if dev.events_up && (call.caller.id == me || call.callee.id == me) {
                    let incoming = call.version == 1 && call.callee.id == me;
                    let call = call.clone();
                    let event = if incoming {
                        Event::IncomingCall { call }
                    } else {
                        Event::CallUpdate { call }
                    };
                    self.post_delayed(Some((n, "events")), Delivery::Input(n, Input::Event(event)));
                }
                if call.status == CallStatus::Ended && self.devices[n].socket == Some(call.id) {
                    let reason = call.end_reason.expect("a reason");
                    self.signaling_fact(n, call.id, SignalingFact::Message(Signal::Ended { reason }));
                    self.devices[n].socket = None;
                }
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Input(n, input) => {
                if let Input::Peer {
                    call_id,
                    fact: PeerFact::Connection(ConnectionState::Connected),
                } = &input
                {
                    self.open_channel(n, *call_id);
                }
                self.feed(n, input);
            }
            Delivery::Request(n, request) => self.serve(n, request),
            Delivery::Relay(from, id, signal) => {
                let to = (0..self.devices.len()).find(|n| *n != from && self.devices[*n].socket == Some(id));
                if let Some(to) = to {
                    self.feed(
                        to,
                        Input::Signaling {
                            call_id: id,
                            fact: SignalingFact::Message(signal),
                        },
                    );
                }
            }
            Delivery::SocketOpen(n, id) => self.open_socket(n, id),
            Delivery::Connected(id) if self.pair_fits(id) => self.set_pair(id, ConnectionState::Connected),
            Delivery::Broken(id, state) if !self.pair(id).iter().any(|n| self.is_connected(*n)) => {
                self.set_pair(id, state)
            }
            Delivery::Connected(_) | Delivery::Broken(..) => {}
            Delivery::EventsUp(n) => {
                self.devices[n].events_up = true;
                let user = user(self.devices[n].member.user);
                let calls = self.server.live_of(user.id, self.now);
                self.post_delayed(
                    Some((n, "events")),
                    Delivery::Input(n, Input::Event(Event::Welcome { user, calls })),
                );
            }
            Delivery::PathUp => {
                self.path_up = true;
                for id in self.live_peers() {
                    self.check_pair(id);
                }
            }
        }
        self.tell();
    }

    fn is_connected(&self, n: usize) -> bool {
        self.devices[n].peer.as_ref().is_some_and(|peer| peer.connected)
    }

    fn set_pair(&mut self, id: CallId, state: ConnectionState) {
        for n in self.pair(id) {
            let peer = self.devices[n].peer.as_mut().expect("a peer connection");
            peer.connected = state == ConnectionState::Connected;
            let input = Input::Peer {
                call_id: id,
                fact: PeerFact::Connection(state),
            };
            self.post_delayed(Some((n, "peer")), Delivery::Input(n, input));
        }
    }

    fn open_channel(&mut self, n: usize, id: CallId) {
        if let Some(peer) = self.devices[n]
            .peer
            .as_mut()
            .filter(|p| p.call_id == id && !p.channel_open)
        {
            peer.channel_open = true;
            let input = Input::Peer {
                call_id: id,
                fact: PeerFact::ChannelOpen,
            };
            self.post_delayed(Some((n, "peer")), Delivery::Input(n, input));
        }
    }

    fn open_socket(&mut self, n: usize, id: CallId) {
        if !self.devices[n].is_on("signaling") || self.devices[n].machine.view().call_id != Some(id) {
            return;
        }
        if self.server.calls[&id].0.status == CallStatus::Ended {
            return self.signaling_fact(n, id, SignalingFact::Refused);
        }
        self.devices[n].socket = Some(id);
        self.signaling_fact(n, id, SignalingFact::Up);
        let others: Vec<_> = (0..self.devices.len())
            .filter(|o| *o != n && self.devices[*o].socket == Some(id))
            .collect();
        for other in others {
            self.present(n, other, id, true);
            self.present(other, n, id, true);
        }
    }

    fn serve(&mut self, n: usize, request: Request) {
        let lost = self.random(100) < self.weather.rest_loss;
        let answer_lost = self.random(100) < self.weather.rest_loss;
        let mut result = Err(Failure::Unreachable);
        if !lost {
            let answer = self.server.answer(self.devices[n].member, &request, self.now);
            if !answer_lost {
                result = answer;
            }
        }
        let input = Input::Reply { request, result };
        if lost || answer_lost {
            self.post(self.now + 3_000, Delivery::Input(n, input));
        } else {
            self.post_delayed(None, Delivery::Input(n, input));
        }
    }

    /// Lets `ms` pass.
    pub fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let timer = |n: usize| {
                self.devices[n]
                    .machine
                    .poll_timeout()
                    .map(|at| (at.as_ms().max(self.now), n))
            };
            let timer = (0..self.devices.len()).filter_map(timer).min();
            let message = self.queue.first_key_value().map(|((at, _), _)| *at);
            let ring = self.server.next_deadline();
            let next = [timer.map(|(at, _)| at), message, ring]
                .into_iter()
                .flatten()
                .min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if ring == Some(next) {
                self.server.expire(self.now);
                self.tell();
            } else if message == Some(next) {
                let (_, delivery) = self.queue.pop_first().expect("a message");
                self.deliver(delivery);
            } else if let Some((_, n)) = timer {
                self.feed(n, Input::Timeout);
            }
        }
        self.now = end;
    }

    /// The two ends and the server agree, and nobody waits for anything any more.
    pub fn assert_settled(&self) {
        for dev in &self.devices {
            let view = dev.machine.view();
            match view.phase {
                Phase::Idle | Phase::Ended => {}
                Phase::Active => {
                    let call = self.call(view.call_id.expect("a call"));
                    assert_eq!(call.status, CallStatus::Ongoing, "{view:?}");
                    let other = |d: &Device| {
                        let it = d.machine.view();
                        d.member.device != dev.member.device
                            && it.call_id == view.call_id
                            && it.phase == Phase::Active
                    };
                    assert!(self.devices.iter().any(other), "alone in {view:?}");
                }
                Phase::Dialing
                | Phase::Ringing
                | Phase::Incoming
                | Phase::Connecting
                | Phase::Reconnecting => {
                    panic!("waits for ever: {view:?}")
                }
            }
        }
        for (call, _) in self
            .server
            .calls
            .values()
            .filter(|(call, _)| call.status != CallStatus::Ended)
        {
            let in_it = |d: &&Device| {
                d.machine.view().call_id == Some(call.id) && d.machine.view().phase == Phase::Active
            };
            assert_eq!(
                self.devices.iter().filter(in_it).count(),
                2,
                "nobody is in {call:?}"
            );
        }
    }

    fn call(&self, id: CallId) -> &Call {
        &self.server.calls[&id].0
    }
}

impl Device {
    fn is_on(&self, what: &'static str) -> bool {
        self.sounds.get(what).copied().unwrap_or(false)
    }

    /// Nothing is started twice, or stopped without having been started.
    fn switch(&mut self, what: &'static str, on: bool) {
        assert_ne!(self.is_on(what), on, "{what} {on} {:?}", self.machine.view());
        self.sounds.insert(what, on);
    }

    fn check(&mut self) {
        let view = self.machine.view();
        let on: Vec<_> = self
            .sounds
            .iter()
            .filter(|(_, on)| **on)
            .map(|(what, _)| *what)
            .collect();
        let expected: &[&str] = match view.phase {
            Phase::Idle | Phase::Ended => &[],
            Phase::Dialing => &["media"],
            Phase::Ringing => &["media", "ringback"],
            Phase::Incoming => &["ringing"],
            Phase::Connecting if self.peer.is_none() => &["media"],
            Phase::Connecting | Phase::Active | Phase::Reconnecting => &["media", "peer", "signaling"],
        };
        assert_eq!(on, expected, "{:?}", view.phase);
        assert_eq!(view.end.is_some(), view.phase == Phase::Ended);
        if let (Some(id), Some(end)) = (view.call_id, &view.end) {
            let first = self.ends.entry(id).or_insert_with(|| end.clone());
            assert_eq!(first, end, "a call ends once, for one reason");
        }
        if view.phase == Phase::Dialing {
            // A call that was left and dialed back within a moment may be the same at the server, and end anew.
            self.ends.clear();
        }
    }
}

/// The device's own identifier, for tests that look at who accepted.
pub fn device_of(world: &World, n: usize) -> DeviceId {
    world.devices[n].member.device
}
