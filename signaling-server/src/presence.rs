//! Who can be reached: derived from open event sockets and accepted calls, told to everybody who is connected.
use crate::{
    bus::{Bus, Topic},
    sync::Shared,
    ws::outbox::Outgoing,
};
use eyeline_protocol::{CallId, DeviceId, UserId, event::Event, rest};
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
    linger: Duration,
    runtime: Handle,
}

#[derive(Default)]
struct Person {
    /// Open sockets of each device that has any.
    sockets: HashMap<DeviceId, u32>,
    /// The last socket closed less than the lingering time ago; the number tells one such time from the next.
    lingering: Option<u64>,
    departures: u64,
    calls: HashSet<CallId>,
    told: rest::Presence,
}

impl Person {
    fn connected(&self) -> bool {
        !self.sockets.is_empty() || self.lingering.is_some()
    }

    fn presence(&self) -> rest::Presence {
        match (self.connected(), self.calls.is_empty()) {
            (false, _) => rest::Presence::Offline,
            (true, true) => rest::Presence::Online,
            (true, false) => rest::Presence::InCall,
        }
    }
}

/// Counts one open event socket of a person's device until dropped.
#[must_use = "a person is present while this is held"]
pub struct Connection {
    presence: Presence,
    user: UserId,
    device: DeviceId,
}

impl Presence {
    /// Nobody is present yet; whoever leaves lingers for so long. Must be made within a tokio runtime.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, linger: Duration) -> Self {
        Self(Arc::new(Inner { bus, people: Shared::default(), linger, runtime: Handle::current() }))
    }

    /// Whether this person can be reached.
    #[must_use]
    pub fn of(&self, user: UserId) -> rest::Presence {
        self.0.people.lock().get(&user).map(Person::presence).unwrap_or_default()
    }

    /// The devices of this person that have an event socket open at this moment.
    #[must_use]
    pub fn devices(&self, user: UserId) -> Vec<DeviceId> {
        let people = self.0.people.lock();
        people.get(&user).map_or_else(Vec::new, |person| person.sockets.keys().copied().collect())
    }

    /// An event socket of this person's device has opened.
    pub fn connect(&self, user: UserId, device: DeviceId) -> Connection {
        self.change(user, |person| {
            *person.sockets.entry(device).or_default() += 1;
            person.lingering = None;
        });
        Connection { presence: self.clone(), user, device }
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

    fn disconnect(&self, user: UserId, device: DeviceId) {
        let mut last = None;
        self.change(user, |person| {
            if let Some(sockets) = person.sockets.get_mut(&device) {
                *sockets -= 1;
                if *sockets == 0 {
                    person.sockets.remove(&device);
                }
            }
            if person.sockets.is_empty() {
                person.departures += 1;
                person.lingering = Some(person.departures);
                last = person.lingering;
            }
        });
        if let Some(departure) = last {
            let presence = self.clone();
            self.0.runtime.spawn(async move {
                tokio::time::sleep(presence.0.linger).await;
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
            let event = Event::Presence { user_id: user, presence };
            // Under the lock, so that two changes are told in the order in which they happened.
            self.0.bus.publish(Topic::Everyone, &Outgoing::Text(event.encode().into()));
        }
        if !person.connected() && person.calls.is_empty() {
            people.remove(&user);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.presence.disconnect(self.user, self.device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::{Local, Subscription},
        ws::outbox::{Inbox, Outbox},
    };

    fn watched(linger: Duration) -> (Presence, Inbox, Subscription) {
        let bus = Local::default();
        let (outbox, inbox) = Outbox::new();
        let listening = bus.subscribe(&[Topic::Everyone], &outbox);
        (Presence::new(Arc::new(bus), linger), inbox, listening)
    }

    fn told(user_id: UserId, presence: rest::Presence) -> Option<Outgoing> {
        Some(Outgoing::Text(Event::Presence { user_id, presence }.encode().into()))
    }

    #[tokio::test]
    async fn a_short_absence_is_not_told() {
        let (presence, mut inbox, _listening) = watched(Duration::from_secs(3600));
        let ada = UserId::new();
        drop(presence.connect(ada, DeviceId::new()));
        assert_eq!(presence.of(ada), rest::Presence::Online);
        let _back = presence.connect(ada, DeviceId::new());
        presence.set_in_call(ada, CallId::new(), true);
        assert_eq!(inbox.recv().await, told(ada, rest::Presence::Online));
        assert_eq!(inbox.recv().await, told(ada, rest::Presence::InCall));
    }

    #[tokio::test]
    async fn of_whoever_left_for_good_nothing_is_kept() {
        let (presence, mut inbox, _listening) = watched(Duration::from_millis(1));
        let ada = UserId::new();
        drop(presence.connect(ada, DeviceId::new()));
        assert_eq!(inbox.recv().await, told(ada, rest::Presence::Online));
        assert_eq!(inbox.recv().await, told(ada, rest::Presence::Offline));
        assert!(presence.0.people.lock().is_empty());
    }

    #[tokio::test]
    async fn a_second_device_keeps_a_person_present() {
        let (presence, mut inbox, _listening) = watched(Duration::ZERO);
        let ada = UserId::new();
        let (desk, phone) = (DeviceId::new(), DeviceId::new());
        let (first, second) = (presence.connect(ada, desk), presence.connect(ada, phone));
        drop(first);
        assert_eq!(presence.of(ada), rest::Presence::Online);
        drop(second);
        assert_eq!(inbox.recv().await, told(ada, rest::Presence::Online));
        assert_eq!(inbox.recv().await, told(ada, rest::Presence::Offline));
    }

    #[tokio::test]
    async fn a_device_is_known_by_the_sockets_that_it_has_open() {
        let (presence, _inbox, _listening) = watched(Duration::from_secs(3600));
        let (ada, desk, phone) = (UserId::new(), DeviceId::new(), DeviceId::new());
        let (old, new) = (presence.connect(ada, desk), presence.connect(ada, desk));
        let at_phone = presence.connect(ada, phone);
        drop((old, at_phone));
        assert_eq!(presence.devices(ada), [desk]);
        drop(new);
        assert_eq!(presence.devices(ada), []);
        assert_eq!(presence.of(ada), rest::Presence::Online, "a person lingers, a device does not");
    }
}
