//! Word to the sockets that what they rest on may be gone.
use std::{collections::BTreeSet, net::IpAddr, sync::Arc};
use tokio::sync::watch;

/// This machine's addresses, where they are known.
type Addresses = Option<Arc<BTreeSet<IpAddr>>>;

/// Nudges every socket made with its [`Nudged`]: one that is open finds out at once whether it still works, one that is
/// not tries at once.
#[derive(Debug)]
pub struct Nudge(watch::Sender<Addresses>);

/// A socket's end.
#[derive(Debug, Clone)]
pub struct Nudged(watch::Receiver<Addresses>);

impl Default for Nudge {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Nudge {
    /// For one more socket.
    #[must_use]
    pub fn listen(&self) -> Nudged {
        Nudged(self.0.subscribe())
    }

    /// The sockets may be dead.
    pub fn check(&self) {
        self.0.send_modify(|_| {});
    }

    /// The network is another, with these addresses: sockets of others are dead.
    pub fn moved(&self, addresses: BTreeSet<IpAddr>) {
        self.0.send_replace(Some(Arc::new(addresses)));
    }
}

impl Nudged {
    /// Waits for the next nudge, for ever where none will come.
    pub(super) async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether this machine has lost the address.
    pub(super) fn is_gone(&self, local: IpAddr) -> bool {
        !local.is_loopback() && self.0.borrow().as_ref().is_some_and(|all| !all.contains(&local))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_socket_whose_address_is_gone_is_known_to_be_dead() {
        let ip = |text: &str| text.parse().expect("an address");
        let nudge = Nudge::default();
        let mut nudged = nudge.listen();
        nudge.check();
        nudged.next().await;
        assert!(!nudged.is_gone(ip("192.0.2.4")), "nobody knows the addresses");
        nudge.moved(BTreeSet::from([ip("198.51.100.4")]));
        nudged.next().await;
        assert!(nudged.is_gone(ip("192.0.2.4")));
        assert!(!nudged.is_gone(ip("198.51.100.4")));
        assert!(!nudged.is_gone(ip("127.0.0.1")), "a server of this machine");
    }
}
