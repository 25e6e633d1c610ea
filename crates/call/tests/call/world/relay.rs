//! The ways to the server: requests, events and signaling sockets.
use super::{Delivery, World};
use crate::solo::user;
use eyeline_call::{Failure, Input, Request, SignalingFact};
use eyeline_protocol::{CallId, event::Event, rest::CallStatus, signal::Signal};

impl World {
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

    pub(super) fn close_socket(&mut self, n: usize) -> Option<CallId> {
        let id = self.devices[n].socket?;
        let was_seated = self.seated(id).contains(&n);
        self.devices[n].socket = None;
        for other in self.seated(id) {
            if was_seated {
                self.present(other, n, id, false);
            }
        }
        self.met.remove(&id);
        Some(id)
    }

    /// Whose sockets are in the call: who placed it, and who has accepted it.
    pub(super) fn seated(&self, id: CallId) -> Vec<usize> {
        let Some((call, _)) = self.server.calls.get(&id) else { return Vec::new() };
        let is_in = |device| device == call.caller_device || Some(device) == call.callee_device;
        let seated = |n: &usize| self.devices[*n].socket == Some(id) && is_in(self.devices[*n].member.device);
        (0..self.devices.len()).filter(seated).collect()
    }

    /// Both are told of each other, once, and get what the other has said before.
    fn meet(&mut self, id: CallId) {
        let [a, b] = self.seated(id)[..] else { return };
        if !self.met.insert(id) {
            return;
        }
        for (to, from) in [(a, b), (b, a)] {
            self.present(to, from, id, true);
            for signal in self.kept.remove(&(id, from)).unwrap_or_default() {
                self.signaling_fact(to, id, SignalingFact::Message(signal));
            }
        }
    }

    /// The newest description is kept, and what belongs to it.
    pub(super) fn keep(&mut self, from: usize, id: CallId, signal: Signal) {
        let kept = self.kept.entry((id, from)).or_default();
        match signal {
            Signal::Offer { .. } | Signal::Answer { .. } => *kept = vec![signal],
            Signal::IceCandidate { .. } => kept.push(signal),
            _other => {}
        }
    }

    pub(super) fn present(&mut self, to: usize, who: usize, id: CallId, present: bool) {
        let user_id = user(self.devices[who].member.user).id;
        self.signaling_fact(to, id, SignalingFact::Message(Signal::Peer { user_id, present }));
    }

    pub(super) fn signaling_fact(&mut self, n: usize, call_id: CallId, fact: SignalingFact) {
        self.post_delayed(Some((n, "signaling")), Delivery::Input(n, Input::Signaling { call_id, fact }));
    }

    /// Passes the server's news on to the devices that are reachable.
    pub(super) fn tell(&mut self) {
        for call in std::mem::take(&mut self.server.news) {
            self.meet(call.id);
            for n in 0..self.devices.len() {
                let dev = &self.devices[n];
                let me = user(dev.member.user).id;
                if dev.events_up && (call.caller.id == me || call.callee.id == me) {
                    let incoming = call.version == 1 && call.callee.id == me;
                    let call = call.clone();
                    let event =
                        if incoming { Event::IncomingCall { call } } else { Event::CallUpdate { call } };
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

    pub(super) fn open_socket(&mut self, n: usize, id: CallId) {
        if !self.devices[n].is_on("signaling") || self.devices[n].machine.view().call_id != Some(id) {
            return;
        }
        if self.server.calls[&id].0.status == CallStatus::Ended {
            return self.signaling_fact(n, id, SignalingFact::Refused);
        }
        self.devices[n].socket = Some(id);
        self.signaling_fact(n, id, SignalingFact::Up);
        let there: Vec<_> = self.seated(id).into_iter().filter(|other| *other != n).collect();
        match there.first() {
            None => self.present(n, n, id, false),
            Some(other) if !self.seated(id).contains(&n) => self.present(n, *other, id, true),
            Some(_) => self.meet(id),
        }
    }

    pub(super) fn serve(&mut self, n: usize, request: Request) {
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
}
