//! The network has changed: everything that rests on it is looked at now, and not when it is found dead.
use super::Actor;
use crate::network::News;
use eyeline_call::{Input, NetworkFact};

impl Actor {
    pub(super) fn on_network(&mut self, news: &News) {
        let fact = match news {
            News::Changed { before, now } => {
                self.nudge.moved(now.addresses.clone());
                match now.keeps(self.line.local, before) {
                    _ if now.addresses.is_empty() => NetworkFact::Gone,
                    true => NetworkFact::Changed,
                    false => NetworkFact::PathLost,
                }
            }
            News::Woken => {
                self.nudge.check();
                NetworkFact::Changed
            }
        };
        // The call first: of all this, a person waits for it alone.
        self.feed(Input::Network(fact));
        if let Some(account) = self.account.signed_in() {
            account.api.reconnect();
            account.ice.moved();
        }
    }
}
