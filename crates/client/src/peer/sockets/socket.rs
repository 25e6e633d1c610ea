//! One socket as webrtc-rs sees it.
use super::{
    super::turn::Tunnel,
    Shared,
    checks::Checks,
    handshake::{Handshake, is_not_media},
    heard::Heard,
    shortcuts::Shortcuts,
    sift::sift,
    stun::{BINDING_REQUEST, BINDING_SUCCESS, is},
};
use crate::peer::clock;
use bytes::Bytes;
use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, IoSliceMut},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::sync::mpsc;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

/// Messages from TURN servers that wait for webrtc-rs, which takes a burst at a time; then the servers wait.
const INCOMING: usize = 64;

/// A UDP socket, and tunnels to TURN servers beside it.
#[derive(Debug)]
pub(super) struct Socket {
    udp: Arc<dyn AsyncUdpSocket>,
    local: SocketAddr,
    shared: Shared,
    tunnels: Mutex<Tunnels>,
    heard: Arc<Heard>,
    handshake: Handshake,
    checks: Mutex<Checks>,
    shortcuts: Shortcuts,
}

#[derive(Debug)]
struct Tunnels {
    open: HashMap<SocketAddr, Tunnel>,
    incoming: mpsc::Receiver<(SocketAddr, Bytes)>,
    sender: mpsc::Sender<(SocketAddr, Bytes)>,
}

impl Socket {
    pub(super) fn new(udp: Arc<dyn AsyncUdpSocket>, local: SocketAddr, shared: Shared) -> Self {
        let (sender, incoming) = mpsc::channel(INCOMING);
        let tunnels = Mutex::new(Tunnels { open: HashMap::new(), incoming, sender });
        let handshake = Handshake::new(Arc::clone(&udp), shared.early.clone());
        let shortcuts = Shortcuts::new(shared.knowledge.clone(), shared.callers.clone());
        Self {
            udp,
            local,
            shared,
            tunnels,
            heard: Arc::default(),
            handshake,
            checks: Mutex::default(),
            shortcuts,
        }
    }

    /// webrtc-rs is to hear this, next.
    fn hear(&self, from: SocketAddr, messages: impl IntoIterator<Item = Bytes>) {
        for message in messages {
            if !self.heard.push(from, message) {
                // Whoever sent it repeats it.
                tracing::debug!(%from, "too much comes by itself");
            }
        }
    }

    fn checks(&self) -> MutexGuard<'_, Checks> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tunnels(&self) -> MutexGuard<'_, Tunnels> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What webrtc-rs has not asked for. Where it does not leave it is lost, as anywhere on its way.
    fn send_beside(&self, cx: &mut Context<'_>, to: SocketAddr, datagram: &[u8]) {
        let transmit =
            Transmit { destination: to, ecn: None, contents: datagram, segment_size: None, src_ip: None };
        let _ = self.udp.poll_send(cx, &transmit);
    }

    fn send_through_tunnel(&self, transmit: &Transmit<'_>) -> io::Result<usize> {
        let mut tunnels = self.tunnels();
        let Tunnels { open, sender, .. } = &mut *tunnels;
        let tunnel = match open.entry(transmit.destination) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => {
                // webrtc-rs gives up a TURN server that cannot be sent to, and goes on with the others.
                let server = self.shared.servers.speak(transmit.destination, self.local);
                let server = server.ok_or(io::ErrorKind::AddrNotAvailable)?;
                place.insert(Tunnel::open(server, transmit.destination, sender.clone()))
            }
        };
        let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        for datagram in transmit.contents.chunks(segment) {
            tunnel.send(Bytes::copy_from_slice(datagram));
        }
        Ok(transmit.contents.len())
    }

    /// Leaves out what webrtc-rs is not to hear of.
    fn sift(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
        count: usize,
    ) -> usize {
        let hurries = self.shared.hurry.is_on();
        sift(bufs, meta, count, |from, datagram| {
            if let Some(again) = self.shared.renewals.on_received(datagram) {
                self.send_beside(cx, from, &again);
                return false;
            }
            if !is(datagram, BINDING_REQUEST) {
                return !hurries || self.is_timely(from, datagram);
            }
            let is_wanted =
                self.shared.knowledge.is_genuine(datagram) && (!hurries || self.is_timely(from, datagram));
            if is_wanted && self.shared.early.takes(&self.heard, from, datagram) {
                self.checks().note(from, datagram, clock());
                return false;
            }
            is_wanted
        })
    }

    /// Leaves out checks from relays that the peer has not told of yet: they would be taken for a direct path, and be
    /// preferred to one that is found a moment later. The peer repeats them, and is heard in the end. And leaves out what
    /// something else is heard for.
    fn is_timely(&self, from: SocketAddr, datagram: &[u8]) -> bool {
        let hellos = self.shortcuts.in_place_of_received(from, datagram);
        let is_replaced = hellos.is_some();
        self.hear(from, hellos.into_iter().flatten());
        let is_untold = is(datagram, BINDING_REQUEST) && self.shared.callers.is_relay_untold(from, clock());
        !is_replaced && !is_untold
    }

    /// Looks at what has come.
    fn look_at(&self, bufs: &[IoSliceMut<'_>], meta: &[RecvMeta]) {
        for (buffer, meta) in bufs.iter().zip(meta) {
            for datagram in buffer.get(..meta.len).unwrap_or_default().chunks(meta.stride.max(1)) {
                if !is_not_media(datagram) {
                    continue;
                }
                self.handshake.on_received(datagram);
                if self.shared.hurry.is_on() {
                    let again = self.checks().on_received(meta.addr, datagram, clock());
                    let again = again.map(|check| self.shortcuts.heard_again(meta.addr, check, clock()));
                    self.hear(meta.addr, again);
                } else if is(datagram, BINDING_SUCCESS) {
                    self.shared.callers.note_path(meta.addr);
                }
            }
        }
    }

    /// What does not come from the socket: what is to be heard once more, or by itself; then what comes through tunnels.
    fn receive_otherwise(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<(SocketAddr, usize)> {
        let mut tunnels = self.tunnels();
        while let Some((from, message)) = self.heard.pop(cx).or_else(|| ready(tunnels.incoming.poll_recv(cx)))
        {
            if let Some(again) = self.shared.renewals.on_received(&message) {
                if let Some(tunnel) = tunnels.open.get(&from) {
                    tunnel.send(again);
                }
                continue;
            }
            match buffer.get_mut(..message.len()) {
                Some(place) => {
                    place.copy_from_slice(&message);
                    return Poll::Ready((from, message.len()));
                }
                None => tracing::debug!(%from, length = message.len(), "a relayed message is too long"),
            }
        }
        Poll::Pending
    }
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        self.shared.renewals.on_sent(transmit.contents);
        if self.shared.servers.is_stand_in(transmit.destination) {
            return Poll::Ready(self.send_through_tunnel(transmit));
        }
        let (to, hurries) = (transmit.destination, self.shared.hurry.is_on());
        if hurries
            && let Some(instead) = self.shortcuts.in_place_of(to, transmit.contents)
            && self.heard.push(to, instead)
        {
            self.shared.knowledge.note_withheld();
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        if hurries && let Some(first) = self.shortcuts.before(to, transmit.contents) {
            self.send_beside(cx, to, &first);
        }
        let sent = self.udp.poll_send(cx, transmit);
        if let Poll::Ready(Err(error)) = sent {
            // A datagram may be lost at any place. Told of it, webrtc-rs would give up a relay for good.
            tracing::debug!(%error, %to, "not sent");
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        if sent.is_ready() {
            let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
            for datagram in transmit.contents.chunks(segment) {
                self.handshake.on_sent(to, datagram, hurries);
                if hurries {
                    self.hear(to, self.shortcuts.after_sent(to, datagram));
                    if is(datagram, BINDING_SUCCESS) {
                        self.shared.callers.note(to);
                    }
                }
            }
        }
        sent
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if let (Some(buffer), Some(meta)) = (bufs.first_mut(), meta.first_mut())
            && let Poll::Ready((from, length)) = self.receive_otherwise(cx, buffer)
        {
            *meta = RecvMeta::default();
            meta.addr = from;
            (meta.len, meta.stride) = (length, length.max(1));
            return Poll::Ready(Ok(1));
        }
        loop {
            let Poll::Ready(received) = self.udp.poll_recv(cx, bufs, meta) else { return Poll::Pending };
            let count = self.sift(cx, bufs, meta, received?);
            if count > 0 {
                self.look_at(bufs, &meta[..count.min(meta.len())]);
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn max_gso_segments(&self) -> usize {
        self.udp.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.udp.max_gro_segments()
    }
}

fn ready<T>(poll: Poll<Option<T>>) -> Option<T> {
    match poll {
        Poll::Ready(value) => value,
        Poll::Pending => None,
    }
}
