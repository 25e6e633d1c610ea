//! The STUN and TURN servers, known ahead of a call and asked for anew before their credentials expire.
use crate::{
    peer::Servers,
    signaling::{Api, backoff::Backoff},
    task::Task,
};
use eyeline_protocol::rest::IceServer;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// The list as it becomes known; `None` until it is.
pub(super) type IceServers = watch::Receiver<Option<Servers>>;

/// How long a list without credentials is taken to hold: an administrator may have added a server.
const FRESH_FOR: Duration = Duration::from_secs(3_600);
/// Longest waits for the name servers: a short one for a call that is placed at once, then two attempts of a resolver.
const LOOKUP_LIMITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// When to try again where a name was not found; twice as long after every time in a row, up to [`FRESH_FOR`].
const LOOK_UP_AGAIN: Duration = Duration::from_secs(30);
/// Least time between two requests, whatever the server says of its credentials' life.
const LEAST_WAIT: Duration = Duration::from_secs(10);

/// Keeps the list fresh until dropped.
pub(super) struct IceList {
    servers: IceServers,
    again: Arc<Notify>,
    met: AtomicBool,
    _task: Task,
}

impl IceList {
    /// Asks at once, so that a call need not wait for it.
    pub(super) fn keep(api: Api) -> Self {
        let (sender, servers) = watch::channel(None);
        let again = Arc::<Notify>::default();
        let task = Task::spawn(renew(api, sender, Arc::clone(&again)));
        Self { servers, again, met: AtomicBool::default(), _task: task }
    }

    /// The server is there. After the first time it has been away, and its list may be another.
    pub(super) fn welcomed(&self) {
        if self.met.swap(true, Ordering::Relaxed) {
            self.again.notify_one();
        }
    }

    /// The network is another: so may be the servers' names' addresses, and the list was asked for from elsewhere.
    pub(super) fn moved(&self) {
        self.again.notify_one();
    }

    /// For a peer connection.
    pub(super) fn servers(&self) -> IceServers {
        self.servers.clone()
    }
}

async fn renew(api: Api, servers: watch::Sender<Option<Servers>>, again: Arc<Notify>) {
    let mut backoff = Backoff::default();
    let mut look_up_again = LOOK_UP_AGAIN;
    loop {
        match api.ice_servers().await {
            Ok(list) => {
                backoff.reset();
                let mut until = holds(list.ttl_s);
                if publish(list.ice_servers, &servers).await {
                    look_up_again = LOOK_UP_AGAIN;
                } else {
                    until = until.min(look_up_again);
                    look_up_again = look_up_again.saturating_mul(2);
                }
                tokio::select! {
                    () = tokio::time::sleep(until) => {}
                    () = again.notified() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no list of STUN and TURN servers");
                tokio::select! {
                    () = backoff.pause() => {}
                    () = again.notified() => backoff.reset(),
                }
            }
        }
    }
}

/// Makes the list known as soon as a call can use it; says whether every name was found.
async fn publish(list: Vec<IceServer>, servers: &watch::Sender<Option<Servers>>) -> bool {
    for limit in LOOKUP_LIMITS {
        let before = servers.borrow().clone().unwrap_or_default();
        let resolved = Servers::resolve(list.clone(), &before, limit).await;
        let complete = resolved.is_complete();
        servers.send_replace(Some(resolved));
        if complete {
            return true;
        }
    }
    false
}

/// Until when a list is used: half the credentials' life, for a call begun just before must still get its relay.
fn holds(ttl_s: Option<u64>) -> Duration {
    ttl_s.map_or(FRESH_FOR, |ttl_s| Duration::from_secs(ttl_s / 2)).clamp(LEAST_WAIT, FRESH_FOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_at_half_their_life_within_bounds() {
        assert_eq!(holds(Some(600)), Duration::from_secs(300));
        assert_eq!(holds(Some(1)), LEAST_WAIT);
        assert_eq!(holds(Some(u64::MAX)), FRESH_FOR);
        assert_eq!(holds(None), FRESH_FOR);
    }
}
