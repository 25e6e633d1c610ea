//! A device: the machine, and what its outputs have switched on.
use crate::{peer::Peer, server::Member};
use eyeline_call::{CallMachine, End, Phase};
use eyeline_protocol::CallId;
use std::collections::BTreeMap;

pub struct Device {
    pub member: Member,
    pub machine: CallMachine,
    pub peer: Option<Peer>,
    pub socket: Option<CallId>,
    pub events_up: bool,
    pub on: BTreeMap<&'static str, bool>,
    pub ends: BTreeMap<CallId, End>,
}

impl Device {
    pub(super) fn is_on(&self, what: &'static str) -> bool {
        self.on.get(what).copied().unwrap_or(false)
    }

    /// Nothing is started twice, or stopped without having been started.
    pub(super) fn switch(&mut self, what: &'static str, on: bool) {
        assert_ne!(self.is_on(what), on, "{what} {on} {:?}", self.machine.view());
        self.on.insert(what, on);
    }

    pub(super) fn check(&mut self) {
        let view = self.machine.view();
        let on: Vec<_> = self.on.iter().filter(|(_, on)| **on).map(|(what, _)| *what).collect();
        let expected: &[&str] = match view.phase {
            Phase::Idle | Phase::Ended => &[],
            Phase::Dialing => &["media"],
            Phase::Ringing => &["media", "peer", "ringback", "signaling"],
            Phase::Incoming => &["ringing", "signaling"],
            Phase::Connecting | Phase::Active | Phase::Reconnecting => &["media", "peer", "signaling"],
        };
        // A socket that was refused is closed.
        let without_socket: Vec<_> = expected.iter().filter(|what| **what != "signaling").copied().collect();
        assert!(on == expected || on == without_socket, "{:?}: {on:?}", view.phase);
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
