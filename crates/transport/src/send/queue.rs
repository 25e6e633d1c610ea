//! What waits to leave: repairs before new pictures, nothing older than it is worth.
use rtc::rtp;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A packet that waited longer belongs to a picture that is too late to be seen.
const LIFETIME: Duration = Duration::from_secs(1);
/// Packets that may wait: a key frame of 1 MB.
const PACKETS_MAX: usize = 1024;
/// Copies of a repair leave so long after one another: losses come in bursts.
const COPY_AFTER: Duration = Duration::from_millis(30);
/// Repairs that may wait: more are cheaper as a key frame.
const REPAIRS_MAX: usize = 512;

/// A packet that the peer asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repair {
    /// Its stream.
    pub ssrc: u32,
    /// Its sequence number there.
    pub sequence: u16,
}

/// Video packets with their sizes on the wire, and repairs.
#[derive(Debug, Default)]
pub struct Queue {
    repairs: VecDeque<(Instant, Repair)>,
    /// Copies of repairs, when each is due, and how many of them are left.
    copies: VecDeque<(Instant, Repair, u32)>,
    video: VecDeque<(Instant, rtp::Packet, usize)>,
    bytes: usize,
}

impl Queue {
    /// Adds a packet of a picture. Where there is no room, it and all that wait are gone, since a picture with a hole is of
    /// no use; says how many packets that were.
    #[must_use]
    pub fn push(&mut self, packet: rtp::Packet, size: usize, now: Instant) -> usize {
        if self.video.len() == PACKETS_MAX {
            return self.clear_video() + 1;
        }
        self.bytes += size;
        self.video.push_back((now, packet, size));
        0
    }

    /// Adds a repair, once.
    pub fn repair(&mut self, repair: Repair, now: Instant) {
        if self.repairs.len() < REPAIRS_MAX && !self.repairs.iter().any(|(_, waiting)| *waiting == repair) {
            self.repairs.push_back((now, repair));
        }
    }

    /// The repairs that wait.
    pub fn repairs(&self) -> impl Iterator<Item = Repair> {
        self.repairs.iter().map(|(_, repair)| *repair)
    }

    /// Forgets everything that waits, and says how many packets of pictures that were: a key frame is to come.
    pub fn clear(&mut self) -> usize {
        self.repairs.clear();
        self.copies.clear();
        self.clear_video()
    }

    /// The next repair.
    pub fn pop_repair(&mut self, now: Instant) -> Option<Repair> {
        while let Some((since, repair)) = self.repairs.pop_front() {
            if now.saturating_duration_since(since) <= LIFETIME {
                return Some(repair);
            }
        }
        None
    }

    /// A repair leaves now, and is to leave so many times more: the path loses so much that it may be lost as well.
    pub fn copy(&mut self, repair: Repair, times: u32, now: Instant) {
        if times > 0 {
            self.copies.push_back((now + COPY_AFTER, repair, times - 1));
        }
    }

    /// The next copy that is due.
    pub fn pop_copy(&mut self, now: Instant) -> Option<Repair> {
        let (_, repair, left) = self.copies.pop_front_if(|(due, ..)| *due <= now)?;
        self.copy(repair, left, now);
        Some(repair)
    }

    /// When the next copy is due.
    #[must_use]
    pub fn copy_due(&self) -> Option<Instant> {
        self.copies.front().map(|(due, ..)| *due)
    }

    /// The next packet of a picture.
    pub fn pop_video(&mut self) -> Option<rtp::Packet> {
        let (_, packet, size) = self.video.pop_front()?;
        self.bytes -= size;
        Some(packet)
    }

    /// Throws everything away where the oldest picture is too old, and says how many packets that were.
    pub fn expire(&mut self, now: Instant) -> usize {
        let stale = self.waited(now) > LIFETIME;
        if stale { self.clear_video() } else { 0 }
    }

    /// How long the oldest packet has waited.
    #[must_use]
    pub fn waited(&self, now: Instant) -> Duration {
        let oldest = self.video.front().map(|(since, _, _)| *since);
        oldest.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    /// Bytes of pictures that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether packets of pictures wait.
    #[must_use]
    pub fn has_video(&self) -> bool {
        !self.video.is_empty()
    }

    /// Whether repairs wait.
    #[must_use]
    pub fn has_repairs(&self) -> bool {
        !self.repairs.is_empty()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.repairs.is_empty() && self.copies.is_empty() && self.video.is_empty()
    }

    fn clear_video(&mut self) -> usize {
        self.bytes = 0;
        let packets = self.video.len();
        self.video.clear();
        packets
    }
}
