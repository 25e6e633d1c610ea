//! Repeats lost DTLS flights on one socket: [`Flights`] with a clock and a timer.
use super::flights::Flights;
use crate::{peer::clock, task::Task};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    flights: Mutex<Flights>,
    /// What is due has changed.
    changed: Notify,
}

impl Handshake {
    pub(super) fn new(udp: Arc<dyn AsyncUdpSocket>) -> Self {
        let shared = Arc::<Shared>::default();
        Self { _task: Task::spawn(repeat(Arc::clone(&shared), udp)), shared }
    }

    pub(super) fn on_sent(&self, to: SocketAddr, datagram: &[u8]) {
        if is_not_media(datagram) {
            let mut flights = self.shared.flights();
            let due = flights.due();
            flights.on_sent(to, datagram, clock());
            if flights.due() != due {
                self.shared.changed.notify_one();
            }
        }
    }

    pub(super) fn on_received(&self, datagram: &[u8]) {
        self.shared.flights().on_received(datagram, clock());
    }
}

impl Shared {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn repeat(shared: Arc<Shared>, udp: Arc<dyn AsyncUdpSocket>) {
    loop {
        let due = shared.flights().due();
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
        let flight = shared.flights().repeat(clock());
        for (to, datagram) in flight {
            if let Err(error) = udp.send_to(&datagram, to).await {
                tracing::debug!(%error, %to, "a DTLS flight is not repeated");
            }
        }
    }
}

/// Whether that may be DTLS or STUN.
pub(super) fn is_not_media(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|&first| first <= NOT_MEDIA)
}
