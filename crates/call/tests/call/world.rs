//! Devices, the server between them, and a network that delays, loses and reorders, in virtual time.
mod device;
mod paths;
mod relay;
mod verdict;

pub use device::Device;

use crate::{
    peer::Peer,
    server::{Member, Server},
    solo::{device, user},
};
use eyeline_call::{
    CallMachine, Input, Intent, NetworkFact, Output, PeerFact, Phase, Request, SignalingFact, Time,
};
use eyeline_protocol::{
    CallId,
    event::Event,
    signal::{ConnectionState, Signal},
};
use std::collections::{BTreeMap, BTreeSet};

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

#[expect(clippy::large_enum_variant, reason = "few at a time")]
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
    /// Calls whose two members have met at the server.
    met: BTreeSet<CallId>,
    /// What a member has said to one who is not there yet.
    kept: BTreeMap<(CallId, usize), Vec<Signal>>,
    /// When the last message of an ordered channel arrives.
    channels: BTreeMap<(usize, &'static str), u64>,
    serial: u64,
    seed: u64,
}

impl World {
    /// One device for each of these persons.
    pub fn new(people: &[u128], weather: Weather, seed: u64) -> Self {
        let member = |(n, &user): (usize, &u128)| Member { user, device: device(user + 10 * n as u128) };
        let devices = people.iter().enumerate().map(member).map(|member| Device {
            member,
            machine: CallMachine::new(user(member.user).id, member.device),
            peer: None,
            socket: None,
            events_up: true,
            on: BTreeMap::new(),
            ends: BTreeMap::new(),
        });
        Self {
            now: 1_000,
            devices: devices.collect(),
            server: Server { conflicts_are_errors: seed.is_multiple_of(2), ..Server::default() },
            weather,
            path_up: true,
            stale_before: 0,
            queue: BTreeMap::new(),
            met: BTreeSet::new(),
            kept: BTreeMap::new(),
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

    pub fn network(&mut self, n: usize, fact: NetworkFact) {
        self.feed(n, Input::Network(fact));
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
            assert!(next.is_none_or(|next| next.as_ms() > self.now), "time makes progress");
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
                    self.post_delayed(Some((n, "peer")), Delivery::Input(n, Input::Peer { call_id, fact }));
                }
                self.check_pair(call_id);
            }
            Output::Report(_) | Output::CheckSignaling(_) | Output::Changed => {}
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Input(n, input) => {
                if let Input::Peer { call_id, fact: PeerFact::Connection(ConnectionState::Connected) } =
                    &input
                {
                    self.open_channel(n, *call_id);
                }
                self.feed(n, input);
            }
            Delivery::Request(n, request) => self.serve(n, request),
            Delivery::Relay(from, id, signal) => match self.seated(id).into_iter().find(|n| *n != from) {
                Some(to) => {
                    self.feed(to, Input::Signaling { call_id: id, fact: SignalingFact::Message(signal) });
                }
                None => self.keep(from, id, signal),
            },
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

    /// Lets `ms` pass.
    pub fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let timer =
                |n: usize| self.devices[n].machine.poll_timeout().map(|at| (at.as_ms().max(self.now), n));
            let timer = (0..self.devices.len()).filter_map(timer).min();
            let message = self.queue.first_key_value().map(|((at, _), _)| *at);
            let ring = self.server.next_deadline();
            let next = [timer.map(|(at, _)| at), message, ring].into_iter().flatten().min();
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
}
