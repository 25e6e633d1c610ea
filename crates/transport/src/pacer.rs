//! Bursts spread out on their way to the wire: sound at once, repairs before new pictures, nothing older than it is worth.
//!
//! The built-in pacer is one queue for everything at exactly the target's rate: sound waits behind every key frame.
use crate::{
    MediaKind,
    plug::{Out, Stage},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Attribute, Packet, StreamInfo, TaggedPacket},
    shared::marshal::MarshalSize,
};
use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

/// Video leaves at this multiple of the target, so that a picture is through well before the next one (libwebrtc).
const FACTOR: f64 = 2.5;
/// How long video may leave at once after a pause. Timers are no finer than a millisecond.
const BURST: Duration = Duration::from_millis(5);
/// A packet that waited longer belongs to a picture that is too late to be seen.
const LIFETIME: Duration = Duration::from_secs(2);
/// Packets that may wait: a key frame of 1 MB.
const QUEUE_MAX: usize = 1024;
/// Until the congestion control has spoken, in bit/s.
const START_BPS: f64 = 500_000.0;

/// The leaky bucket: how many bits may leave now. May go below zero by one packet.
#[derive(Debug)]
struct Budget {
    rate: f64,
    bits: f64,
    filled: Option<Instant>,
}

impl Budget {
    fn fill(&mut self, now: Instant) {
        let elapsed = self.filled.map_or(BURST, |at| now.saturating_duration_since(at));
        self.filled = Some(self.filled.map_or(now, |at| at.max(now)));
        self.bits = (self.bits + self.rate * elapsed.as_secs_f64()).min(self.rate * BURST.as_secs_f64());
    }

    fn take(&mut self, bits: f64) {
        self.bits -= bits;
    }

    fn ready_at(&self) -> Option<Instant> {
        let wait = Duration::from_secs_f64((-self.bits / self.rate).max(0.0));
        // Rounded up: called a nanosecond early, it would be called again at once, and again.
        self.filled.map(|at| at + wait + Duration::from_micros(1))
    }
}

/// The pacer as a stage. It takes the built-in one's slot.
pub struct Pacer {
    budget: Budget,
    audio: HashSet<u32>,
    resends: VecDeque<TaggedPacket>,
    video: VecDeque<TaggedPacket>,
    stats: SharedStats,
}

impl Pacer {
    /// Counts into `stats`.
    pub fn new(stats: SharedStats) -> Self {
        Self {
            budget: Budget { rate: START_BPS * FACTOR, bits: 0.0, filled: None },
            audio: HashSet::new(),
            resends: VecDeque::new(),
            video: VecDeque::new(),
            stats,
        }
    }

    fn release(&mut self, now: Instant, to_wire: &mut Out) {
        self.budget.fill(now);
        let mut dropped = 0;
        while self.budget.bits >= 0.0
            && let Some(mut packet) = self.resends.pop_front().or_else(|| self.video.pop_front())
        {
            if now.saturating_duration_since(packet.now) > LIFETIME {
                dropped += 1;
                continue;
            }
            self.budget.take(bits(&packet));
            // Congestion control must see when it left, not when it was written.
            packet.now = now;
            to_wire.push_back(packet);
        }
        let oldest = self.resends.front().into_iter().chain(self.video.front()).map(|p| p.now).min();
        let waited = oldest.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.stats.update(|s| {
            s.pacer_queue = waited;
            s.pacer_dropped += dropped;
        });
    }
}

fn bits(packet: &TaggedPacket) -> f64 {
    match &packet.message.packet {
        Packet::Rtp(rtp) => rtp.marshal_size() as f64 * 8.0,
        // Feedback is small, and fresh or useless.
        _ => 0.0,
    }
}

impl Stage for Pacer {
    /// The congestion control's word comes on the feedback packet that it is drawn from.
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        let key = Attribute::TargetBitrateChanged { bits_per_second: 0.0 };
        if let Some(Attribute::TargetBitrateChanged { bits_per_second }) = tagged.message.get(&key) {
            self.budget.rate = (bits_per_second * FACTOR).max(1.0);
        }
        to_app.push_back(tagged);
    }

    fn write(&mut self, tagged: TaggedPacket, to_wire: &mut Out) {
        let now = tagged.now;
        match &tagged.message.packet {
            Packet::Rtp(rtp) if !self.audio.contains(&rtp.header.ssrc) => {
                let queue = match tagged.message.has(&Attribute::Retransmission) {
                    true => &mut self.resends,
                    false => &mut self.video,
                };
                if queue.len() == QUEUE_MAX {
                    queue.pop_front();
                    self.stats.update(|s| s.pacer_dropped += 1);
                }
                queue.push_back(tagged);
                self.release(now, to_wire);
            }
            _ => {
                self.budget.fill(now);
                self.budget.take(bits(&tagged));
                to_wire.push_back(tagged);
            }
        }
    }

    fn timeout(&mut self, now: Instant, to_wire: &mut Out) {
        if !(self.resends.is_empty() && self.video.is_empty()) {
            self.release(now, to_wire);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let waits = !(self.resends.is_empty() && self.video.is_empty());
        waits.then(|| self.budget.ready_at()).flatten()
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        if MediaKind::of(&stream.mime_type) == Some(MediaKind::Audio) {
            self.audio.insert(stream.ssrc);
        }
    }
}

#[cfg(test)]
mod tests;
