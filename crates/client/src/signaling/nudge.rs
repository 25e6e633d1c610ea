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
