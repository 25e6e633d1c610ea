//! Everybody who can be called.
use eyeline_protocol::{
    UserId,
    rest::{Presence, User},
};

/// The people last found, those who can be reached first, then by name.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    people: Vec<User>,
    /// What was searched for; empty for everybody.
    pub query: String,
    /// Whether a search is under way.
    pub searching: bool,
    /// Whether the search will be repeated by itself.
    pub looking_again: bool,
}

impl Contacts {
    /// In the order in which they are shown.
    pub(super) fn list(&self) -> &[User] {
        &self.people
    }

    /// By identifier.
    pub(super) fn find(&self, id: UserId) -> Option<&User> {
        self.people.iter().find(|user| user.id == id)
    }

    /// Takes the outcome of a search.
    pub(super) fn replace(&mut self, people: Vec<User>) {
        self.people = people;
        self.sort();
    }

    /// Somebody has come or gone. `false` where they are not among these people.
    pub(super) fn set_presence(&mut self, id: UserId, presence: Presence) -> bool {
        let Some(user) = self.people.iter_mut().find(|user| user.id == id) else {
            return false;
        };
        user.presence = presence;
        self.sort();
        true
    }

    fn sort(&mut self) {
        self.people.sort_by_cached_key(|user| {
            (user.presence == Presence::Offline, user.display_name.to_lowercase(), user.id)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, presence: Presence) -> User {
        User { id: UserId::new(), username: name.to_lowercase(), display_name: name.into(), presence }
    }

    #[test]
    fn those_who_can_be_reached_come_first_then_by_name() {
        let mut contacts = Contacts::default();
        let zoe = user("Zoe", Presence::Offline);
        contacts.replace(vec![zoe.clone(), user("bob", Presence::Online), user("Ada", Presence::InCall)]);
        let names = |c: &Contacts| c.list().iter().map(|u| u.display_name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&contacts), ["Ada", "bob", "Zoe"]);
        assert!(contacts.set_presence(zoe.id, Presence::Online));
        assert!(!contacts.set_presence(UserId::new(), Presence::Online));
        contacts.set_presence(contacts.list()[0].id, Presence::Offline);
        assert_eq!(names(&contacts), ["bob", "Zoe", "Ada"]);
    }
}
