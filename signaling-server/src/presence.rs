//! Who can be reached: derived from open event sockets and accepted calls, told to everybody who is connected.
use crate::{
    bus::{Bus, Topic},
    sync::Shared,
    ws::outbox::Outgoing,
};
use eyeline_protocol::{CallId, UserId, event::Event, rest};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Handle;

/// A person whose last socket closed stays online for this long: reconnecting takes less, and nobody sees a flicker.
pub const LINGER: Duration = Duration::from_secs(2);

/// The presence of everybody.
#[derive(Clone)]
pub struct Presence(Arc<Inner>);

struct Inner {
    bus: Arc<dyn Bus>,
    people: Shared<HashMap<UserId, Person>>,
    runtime: Handle,
}

#[derive(Default)]
struct Person {
    sockets: u32,
    /// The last socket closed less than [`LINGER`] ago; the number tells one such time from the next.
    lingering: Option<u64>,
    departures: u64,
    calls: HashSet<CallId>,
    told: rest::Presence,
}

impl Person {
    fn connected(&self) -> bool {
        self.sockets > 0 || self.lingering.is_some()
    }

    fn presence(&self) -> rest::Presence {
        match (self.connected(), self.calls.is_empty()) {
            (false, _) => rest::Presence::Offline,
            (true, true) => rest::Presence::Online,
            (true, false) => rest::Presence::InCall,
        }
    }
}

/// Counts one open event socket of a person until dropped.
#[must_use = "a person is present while this is held"]
pub struct Connection {
    presence: Presence,
    user: UserId,
}

impl Presence {
    /// Nobody is present yet. Must be made within a tokio runtime.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self(Arc::new(Inner {
            bus,
            people: Shared::default(),
            runtime: Handle::current(),
        }))
    }

    /// Whether this person can be reached.
    #[must_use]
    pub fn of(&self, user: UserId) -> rest::Presence {
        self.0
            .people
            .lock()
            .get(&user)
            .map(Person::presence)
            .unwrap_or_default()
    }

    /// An event socket of this person has opened.
    pub fn connect(&self, user: UserId) -> Connection {
        self.change(user, |person| {
            person.sockets += 1;
            person.lingering = None;
        });
        Connection {
            presence: self.clone(),
            user,
        }
    }

    /// This person is, or is no longer, in an accepted call.
    pub fn set_in_call(&self, user: UserId, call: CallId, in_call: bool) {
        self.change(user, |person| {
            if in_call {
                person.calls.insert(call);
            } else {
                person.calls.remove(&call);
            }
        });
    }

    fn disconnect(&self, user: UserId) {
        let mut last = None;
        self.change(user, |person| {
            person.sockets -= 1;
            if person.sockets == 0 {
                person.departures += 1;
                person.lingering = Some(person.departures);
                last = person.lingering;
            }
        });
        if let Some(departure) = last {
            let presence = self.clone();
            self.0.runtime.spawn(async move {
                tokio::time::sleep(LINGER).await;
                presence.change(user, |person| {
                    if person.lingering == Some(departure) {
                        person.lingering = None;
                    }
                });
            });
        }
    }

    /// Changes what is known of a person, and tells everybody if that shows.
    fn change(&self, user: UserId, change: impl FnOnce(&mut Person)) {
        let mut people = self.0.people.lock();
        let person = people.entry(user).or_default();
        change(person);
        let presence = person.presence();
        if presence != person.told {
            person.told = presence;
            let event = Event::Presence {
                user_id: user,
                presence,
            };
            // Under the lock, so that two changes are told in the order in which they happened.
            self.0
                .bus
                .publish(Topic::Everyone, &Outgoing::Text(event.encode().into()));
        }
        if !person.connected() && person.calls.is_empty() {
            people.remove(&user);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.presence.disconnect(self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bus::Local, ws::outbox::Outbox};

    #[tokio::test(start_paused = true)]
    async fn a_short_absence_is_not_told() {
        let bus = Local::default();
        let (outbox, mut inbox) = Outbox::new();
        let _listening = bus.subscribe(&[Topic::Everyone], &outbox);
        let presence = Presence::new(Arc::new(bus.clone()));
        let ada = UserId::new();
        let told = |presence| {
            Some(Outgoing::Text(
                Event::Presence {
                    user_id: ada,
                    presence,
                }
                .encode()
                .into(),
            ))
        };

        let first = presence.connect(ada);
        assert_eq!(inbox.recv().await, told(rest::Presence::Online));
        drop(first);
        tokio::time::advance(LINGER / 2).await;
        let second = presence.connect(ada);
        tokio::time::advance(LINGER * 2).await;
        assert_eq!(presence.of(ada), rest::Presence::Online);

        presence.set_in_call(ada, CallId::new(), true);
        assert_eq!(inbox.recv().await, told(rest::Presence::InCall));
        drop(second);
        assert_eq!(inbox.recv().await, told(rest::Presence::Offline));
        assert_eq!(presence.of(ada), rest::Presence::Offline);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_of_those_who_left() {
        let presence = Presence::new(Arc::new(Local::default()));
        drop(presence.connect(UserId::new()));
        tokio::time::sleep(LINGER * 2).await;
        assert!(presence.0.people.lock().is_empty());
    }
}
