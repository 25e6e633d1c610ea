//! The bus of a single node: a table from topics to outboxes.
use super::{Bus, Subscription, Topic};
use crate::{
    sync::Shared,
    ws::outbox::{Outbox, Outgoing},
};
use std::{collections::HashMap, sync::Arc};

type Table = HashMap<Topic, Vec<Outbox>>;

/// The bus within one process.
#[derive(Default, Clone)]
pub struct Local(Arc<Shared<Table>>);

impl Bus for Local {
    fn publish(&self, topic: Topic, message: &Outgoing) {
        for outbox in self.0.lock().get(&topic).into_iter().flatten() {
            outbox.push(message.clone());
        }
    }

    fn subscribe(&self, topics: &[Topic], outbox: &Outbox) -> Subscription {
        let mut table = self.0.lock();
        for topic in topics {
            table.entry(*topic).or_default().push(outbox.clone());
        }
        let (shared, topics, id) = (Arc::clone(&self.0), topics.to_vec(), outbox.id());
        Subscription::new(move || {
            let mut table = shared.lock();
            for topic in topics {
                if let Some(outboxes) = table.get_mut(&topic) {
                    outboxes.retain(|outbox| outbox.id() != id);
                    if outboxes.is_empty() {
                        table.remove(&topic);
                    }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyeline_protocol::UserId;

    fn text(text: &'static str) -> Outgoing {
        Outgoing::Text(text.into())
    }

    #[tokio::test]
    async fn a_message_reaches_the_listeners_of_its_topic_only() {
        let bus = Local::default();
        let (ada, bob) = (UserId::new(), UserId::new());
        let (to_ada, mut at_ada) = Outbox::new();
        let (to_bob, mut at_bob) = Outbox::new();
        let _a = bus.subscribe(&[Topic::User(ada), Topic::Everyone], &to_ada);
        let _b = bus.subscribe(&[Topic::User(bob), Topic::Everyone], &to_bob);
        bus.publish(Topic::User(bob), &text("to bob"));
        bus.publish(Topic::Everyone, &text("to all"));
        assert_eq!(at_ada.recv().await, Some(text("to all")));
        assert_eq!(at_bob.recv().await, Some(text("to bob")));
        assert_eq!(at_bob.recv().await, Some(text("to all")));
    }

    #[test]
    fn a_dropped_subscription_leaves_nothing_behind() {
        let bus = Local::default();
        let (outbox, _inbox) = Outbox::new();
        drop(bus.subscribe(&[Topic::Everyone, Topic::User(UserId::new())], &outbox));
        assert!(bus.0.lock().is_empty());
    }
}
