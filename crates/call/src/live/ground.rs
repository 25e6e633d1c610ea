//! What becomes of the path when this machine's network changes. The side that notices looks for another at once: the other
//! one cannot know.
use super::{Live, Out, Stage};
use crate::{NetworkFact, Output, Role, Time, hearing::RETURN};
use eyeline_protocol::signal::ConnectionState;
use std::time::Duration;

/// Without any network a restart waits for word of the way to the server, which is gone as well, unless it is on this
/// machine: then the restart is put off, and the old path left as it is, for the network often comes back as it was.
const GONE_LAG: Duration = Duration::from_millis(200);

/// What the path in use stands on, as far as is known. ICE may not have noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Its address is there.
    Firm,
    /// There is no network. It may come back as it was, and bring the path with it.
    Away,
    /// Its address is gone, or an ICE restart has given it up: there is nothing to wait for.
    Lost,
}

impl Live {
    pub(crate) fn on_network(&mut self, fact: NetworkFact, now: Time, out: &mut Out) {
        let was_gone = self.gone;
        self.gone = fact == NetworkFact::Gone || (fact == NetworkFact::Woken && was_gone);
        if self.stage == Stage::Waiting && !self.negotiation.has_remote() {
            match fact {
                _ if !self.negotiation.is_unsent() => self.negotiation.on_moved(),
                NetworkFact::Gone => {}
                NetworkFact::PathLost | NetworkFact::Changed | NetworkFact::Woken => self.prepare_anew(out),
            }
            return;
        }
        match (fact, was_gone) {
            (NetworkFact::Gone, false) => self.on_gone(now),
            (NetworkFact::Gone | NetworkFact::Woken, true) => {}
            (NetworkFact::PathLost, _) => self.on_elsewhere(now),
            (NetworkFact::Changed, true) => self.on_back(now),
            (NetworkFact::Changed | NetworkFact::Woken, false) => self.on_changed(now),
        }
    }

    /// What is prepared is of another network, and nobody has heard of it. An offer that has left stands until it is answered,
    /// for the answer would fit no other; what has come of it is then looked for anew at once.
    fn prepare_anew(&mut self, out: &mut Out) {
        match self.role {
            Role::Caller => {
                self.stop(out);
                out.push_back(Output::CreatePeer { call_id: self.call.id, role: self.role });
                self.negotiation.create_offer(out);
            }
            // It has gathered nothing before the offer.
            Role::Callee => {}
        }
    }

    fn on_gone(&mut self, now: Time) {
        self.ground = match self.ground {
            Ground::Firm if self.negotiation.is_settled() && self.is_path_kept() => Ground::Away,
            Ground::Firm | Ground::Away | Ground::Lost => Ground::Lost,
        };
        self.negotiation.on_moved();
        self.look(now + GONE_LAG);
    }

    /// The network is back, with the path's address.
    fn on_back(&mut self, now: Time) {
        match self.ground {
            // A path within this machine was found meanwhile.
            Ground::Firm => {}
            Ground::Away if self.is_path_kept() => {
                self.ground = Ground::Firm;
                self.await_path(now);
            }
            Ground::Away | Ground::Lost => self.on_elsewhere(now),
        }
    }

    /// The path's address is gone, and others are there.
    fn on_elsewhere(&mut self, now: Time) {
        self.ground = Ground::Lost;
        self.negotiation.on_moved();
        self.look(now);
    }

    /// The path's address is there, and more may be: that is of use where the path is in doubt.
    fn on_changed(&mut self, now: Time) {
        match (self.stage, self.ground) {
            (Stage::Active { lost_at: None }, Ground::Firm) => {}
            (
                Stage::Waiting | Stage::Active { .. } | Stage::Connecting { .. } | Stage::Reconnecting { .. },
                _,
            ) => {
                self.ground = Ground::Lost;
                self.look(now);
            }
        }
    }

    /// Whether ICE has the path still, working or not.
    fn is_path_kept(&self) -> bool {
        matches!(self.connection, ConnectionState::Connected | ConnectionState::Disconnected)
    }

    /// The path may be about to come back: it gets a moment, and then others are looked for, by the callee later.
    pub(super) fn await_path(&mut self, now: Time) {
        self.negotiation.put_off();
        let works =
            matches!(self.stage, Stage::Active { .. }) && self.connection == ConnectionState::Connected;
        self.restart_at = (!works).then(|| now + RETURN + self.lag());
        self.hearing.found();
    }

    fn look(&mut self, at: Time) {
        self.hearing.found();
        self.restart_at = Some(at);
    }
}
