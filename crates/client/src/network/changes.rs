//! When to look at the network, and what of it is news.
use super::Usable;
use eyeline_call::Time;
use std::{sync::Arc, time::Duration};

/// From the first hint to the look. A change comes as a burst (interface, address, routes), which is over in a few tens of
/// milliseconds where nobody has to be asked for an address; an answer of DHCP makes a burst of its own.
const SETTLE: Duration = Duration::from_millis(300);
/// Between looks without a hint: systems lose hints, and some give none.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What was seen last, and when to look again.
#[derive(Debug)]
pub(super) struct Changes {
    seen: Arc<Usable>,
    /// The last that was a network.
    had: Arc<Usable>,
    look_at: Time,
    hinted: bool,
}

impl Changes {
    pub(super) fn new(seen: Usable, now: Time) -> Self {
        let seen = Arc::new(seen);
        Self { had: Arc::clone(&seen), seen, look_at: now + LOOK_EVERY, hinted: false }
    }

    /// The system says that something has changed.
    pub(super) fn on_hint(&mut self, now: Time) {
        // Hints that follow do not put the look off: an interface that flaps without end must not hide a change.
        if !std::mem::replace(&mut self.hinted, true) {
            self.look_at = now + SETTLE;
        }
    }

    /// When to look.
    pub(super) fn next_look(&self) -> Time {
        self.look_at
    }

    /// A look has failed: nothing is known, and so there is no news.
    pub(super) fn on_failed_look(&mut self, now: Time) {
        self.hinted = false;
        self.look_at = now + LOOK_EVERY;
    }

    /// What a look has found; gives what was before and what is now, where these differ. Between a network
    /// that goes and one that comes there is none: before the second was the first.
    pub(super) fn on_look(&mut self, found: Usable, now: Time) -> Option<(Arc<Usable>, Arc<Usable>)> {
        self.hinted = false;
        self.look_at = now + LOOK_EVERY;
        let differs = found != *self.seen;
        // Kept in either case: which temporary address is there matters to the path that uses it.
        self.seen = Arc::new(found);
        let before = match self.seen.is_none_after(&self.had) {
            true => Arc::clone(&self.had),
            false => std::mem::replace(&mut self.had, Arc::clone(&self.seen)),
        };
        differs.then(|| (before, Arc::clone(&self.seen)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::usable::tests::usable;

    fn ms(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn a_burst_of_hints_is_one_look_soon_after_the_first() {
        let mut changes = Changes::new(usable(&["192.0.2.4"], &["192.0.2.4"]), ms(0));
        for at in [1_000, 1_050, 1_200, 1_299] {
            changes.on_hint(ms(at));
        }
        assert_eq!(changes.next_look(), ms(1_300));
        // The old address went and a new one came meanwhile: one change.
        let found = usable(&["198.51.100.4"], &["198.51.100.4"]);
        let (before, now) = changes.on_look(found.clone(), ms(1_300)).expect("a change");
        assert!(before.addresses.iter().all(|ip| !now.addresses.contains(ip)));
        assert_eq!(*now, found);
    }

    #[test]
    fn hints_without_a_change_are_no_news() {
        let here = || usable(&["192.0.2.4"], &["192.0.2.4"]);
        let mut changes = Changes::new(here(), ms(0));
        changes.on_hint(ms(5));
        assert_eq!(changes.on_look(here(), ms(305)), None);
        assert_eq!(changes.next_look(), ms(305) + LOOK_EVERY);
    }

    #[test]
    fn a_network_that_went_and_came_back_is_the_one_that_it_was() {
        let here = || usable(&["192.0.2.4"], &["192.0.2.4"]);
        let mut changes = Changes::new(here(), ms(0));
        let (before, now) = changes.on_look(usable(&[], &[]), ms(300)).expect("it went");
        assert_eq!((&*before, &*now), (&here(), &usable(&[], &[])));
        let (before, now) = changes.on_look(here(), ms(900)).expect("it came back");
        assert_eq!((&*before, &*now), (&here(), &here()));
    }

    #[test]
    fn a_change_without_a_hint_is_found_by_looking() {
        let mut changes = Changes::new(usable(&["192.0.2.4"], &[]), ms(0));
        assert_eq!(changes.next_look(), ms(0) + LOOK_EVERY);
        assert!(changes.on_look(usable(&[], &[]), changes.next_look()).is_some());
    }
}
