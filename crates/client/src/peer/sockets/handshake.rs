//! Repeats what a lossy network takes of one socket's handshakes: [`Flights`] and [`Rechecks`] with a clock and a timer; and
//! what keeps a NAT from forgetting it before there is one, [`Mappings`].
use super::{early::Early, flights::Flights, mappings::Mappings, rechecks::Rechecks};
use crate::{peer::clock, task::Task};
use bytes::Bytes;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::{sync::Notify, time::sleep_until};
use webrtc::runtime::AsyncUdpSocket;

/// What may begin a datagram of DTLS and STUN (RFC 7983): media is told apart by its first byte, without a lock.
const NOT_MEDIA: u8 = 63;

/// Looks at what passes, and sends again what is lost, until dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    shared: Arc<Shared>,
    _task: Task,
}

#[derive(Debug, Default)]
struct Shared {
    early: Early,
    lost: Mutex<Lost>,
    /// What is due has changed.
    changed: Notify,
}

/// What may be lost.
#[derive(Debug, Default)]
struct Lost {
    flights: Flights,
    checks: Rechecks,
    mappings: Mappings,
}

impl Lost {
    fn due(&self) -> Option<Instant> {
        [self.flights.due(), self.checks.due(), self.mappings.due()].into_iter().flatten().min()
    }

    fn repeat(&mut self, awaits_description: bool, now: Instant) -> Vec<(SocketAddr, Bytes)> {
        let mut again = self.checks.repeat(now);
        for (_, check) in &again {
            self.flights.on_check_repeated(check);
        }
        again.append(&mut self.flights.repeat(now));
        again.append(&mut self.mappings.refresh(awaits_description, now));
        again
    }
}

impl Handshake {
    pub(super) fn new(udp: Arc<dyn AsyncUdpSocket>, early: Early) -> Self {
        let shared = Arc::new(Shared { early, ..Shared::default() });
        Self { _task: Task::spawn(repeat(Arc::clone(&shared), udp)), shared }
    }

    /// Looks at what is sent; `hurries` while there is no connection.
    pub(super) fn on_sent(&self, to: SocketAddr, datagram: &[u8], hurries: bool) {
        if is_not_media(datagram) {
            let mut lost = self.shared.lost();
            let due = lost.due();
            lost.flights.on_sent(to, datagram, clock());
            if self.shared.early.awaits_description() {
                lost.mappings.on_sent(to, datagram, clock());
            } else if hurries {
                lost.checks.on_sent(to, datagram, clock());
            }
            if lost.due() != due {
                self.shared.changed.notify_one();
            }
        }
    }

    /// Looks at what comes.
    pub(super) fn on_received(&self, datagram: &[u8]) {
        let mut lost = self.shared.lost();
        lost.flights.on_received(datagram, clock());
        lost.checks.on_received(datagram);
    }
}

impl Shared {
    fn lost(&self) -> MutexGuard<'_, Lost> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn repeat(shared: Arc<Shared>, udp: Arc<dyn AsyncUdpSocket>) {
    loop {
        let due = shared.lost().due();
        match due {
            Some(due) => tokio::select! {
                () = sleep_until(due.into()) => {}
                () = shared.changed.notified() => continue,
            },
            None => {
                shared.changed.notified().await;
                continue;
            }
        }
        let awaits_description = shared.early.awaits_description();
        let again = shared.lost().repeat(awaits_description, clock());
        for (to, datagram) in again {
            if let Err(error) = udp.send_to(&datagram, to).await {
                tracing::debug!(%error, %to, "not sent again");
            }
        }
    }
}

/// Whether that may be DTLS or STUN.
pub(super) fn is_not_media(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|&first| first <= NOT_MEDIA)
}
