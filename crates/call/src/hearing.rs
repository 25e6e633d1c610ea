//! Whether the peer can be told of an ICE restart, as far as its words show.
//!
//! An ICE restart gives up the candidates of the side that begins it. Where the peer has lost its whole network, the server
//! does not know yet, and a restart would give up the very path that works again as soon as the peer's network does. Of a
//! path that is cut between both, each tells the other over the server; that word is what is waited for. Where it comes
//! late, the peer's network was away and is back: the old path gets a moment to come back with it.
use crate::Time;
use eyeline_protocol::signal::{ConnectionState, Signal};
use std::time::Duration;

/// Longest wait for a word; then the path is given up without: half of the time that a lost path is looked for.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a path takes to come back with its network: two checks, or one that is lost, on a path of half a second. A restart
/// in that time makes it later by up to 2 s (measured).
pub(crate) const RETURN: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Hearing {
    /// The path is lost, and no word has come since, or only just now: until when a restart waits.
    until: Option<Time>,
    /// What the peer last said of the path.
    peer: Option<ConnectionState>,
}

impl Hearing {
    /// Something came over the server.
    pub(crate) fn on_signal(&mut self, signal: &Signal, now: Time) {
        match signal {
            Signal::ConnectionState { state } => {
                self.peer = Some(*state);
                self.heard(now);
            }
            Signal::Peer { present: true, .. } => self.heard(now),
            // The peer looks for new paths already.
            Signal::Offer { .. } | Signal::Answer { .. } | Signal::IceCandidate { .. } => self.until = None,
            Signal::Peer { present: false, .. } | Signal::Ended { .. } | Signal::Error { .. } => {}
        }
    }

    fn heard(&mut self, now: Time) {
        self.until = self.until.map(|until| until.min(now + RETURN));
    }

    /// The path is lost. Only our own clients are sure to say so.
    pub(crate) fn lost(&mut self, now: Time, peer_is_eyeline: bool) {
        let heard = match self.peer {
            Some(ConnectionState::Disconnected | ConnectionState::Failed) => true,
            Some(
                ConnectionState::New
                | ConnectionState::Connecting
                | ConnectionState::Connected
                | ConnectionState::Closed,
            )
            | None => false,
        };
        if peer_is_eyeline && !heard {
            self.until = Some(now + PATIENCE);
        }
    }

    /// There is a path, or none to wait for.
    pub(crate) fn found(&mut self) {
        self.until = None;
    }

    /// The way to the peer is closed, and known to be: its coming back is its word.
    pub(crate) fn unlink(&mut self) {
        self.peer = None;
    }

    /// `at`, or as late as a word is waited for.
    pub(crate) fn not_before(&self, at: Time) -> Time {
        self.until.map_or(at, |until| at.max(until))
    }
}
