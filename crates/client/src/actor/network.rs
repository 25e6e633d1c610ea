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
                    true => NetworkFact::Changed,
                    false if now.is_none_after(before) => NetworkFact::Gone,
                    false => NetworkFact::PathLost,
                }
            }
            News::Woken => {
                self.nudge.check();
                NetworkFact::Woken
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
