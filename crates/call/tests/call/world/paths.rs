//! The ways between the peer connections: they fit, they break, they come back.
use super::{Delivery, World};
use crate::peer::Peer;
use eyeline_call::{Input, PeerFact};
use eyeline_protocol::{CallId, signal::ConnectionState};

impl World {
    pub(super) fn pair(&self, id: CallId) -> Vec<usize> {
        let has = |n: &usize| self.devices[*n].peer.as_ref().is_some_and(|peer| peer.call_id == id);
        (0..self.devices.len()).filter(has).collect()
    }

    pub(super) fn other_peer(&self, n: usize, id: CallId) -> Option<usize> {
        self.pair(id).into_iter().find(|other| *other != n)
    }

    pub(super) fn pair_fits(&self, id: CallId) -> bool {
        let [a, b] = self.pair(id)[..] else { return false };
        let (Some(a), Some(b)) = (&self.devices[a].peer, &self.devices[b].peer) else {
            return false;
        };
        let fresh = |peer: &Peer| peer.local.is_some_and(|ufrag| ufrag >= self.stale_before);
        self.path_up && a.fits(b) && fresh(a) && fresh(b)
    }

    pub(super) fn check_pair(&mut self, id: CallId) {
        if self.pair_fits(id) {
            self.post(self.now + 100, Delivery::Connected(id));
        }
    }

    pub(super) fn break_path(&mut self, id: CallId) {
        for n in self.pair(id) {
            let peer = self.devices[n].peer.as_mut().expect("a peer connection");
            peer.connected = false;
        }
        self.post(self.now + 1_000, Delivery::Broken(id, ConnectionState::Disconnected));
        self.post(self.now + 8_000, Delivery::Broken(id, ConnectionState::Failed));
    }

    pub(super) fn live_peers(&self) -> Vec<CallId> {
        let mut ids: Vec<_> =
            self.devices.iter().filter_map(|d| d.peer.as_ref().map(|p| p.call_id)).collect();
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

    pub(super) fn is_connected(&self, n: usize) -> bool {
        self.devices[n].peer.as_ref().is_some_and(|peer| peer.connected)
    }

    pub(super) fn set_pair(&mut self, id: CallId, state: ConnectionState) {
        for n in self.pair(id) {
            let peer = self.devices[n].peer.as_mut().expect("a peer connection");
            peer.connected = state == ConnectionState::Connected;
            let input = Input::Peer { call_id: id, fact: PeerFact::Connection(state) };
            self.post_delayed(Some((n, "peer")), Delivery::Input(n, input));
        }
    }

    pub(super) fn open_channel(&mut self, n: usize, id: CallId) {
        if let Some(peer) = self.devices[n].peer.as_mut().filter(|p| p.call_id == id && !p.channel_open) {
            peer.channel_open = true;
            let input = Input::Peer { call_id: id, fact: PeerFact::ChannelOpen };
            self.post_delayed(Some((n, "peer")), Delivery::Input(n, input));
        }
    }
}
