//! The receiver's part: what was lost, made from what has come.
use super::{Fec, HEADER, MEDIA_MAX, PARITY_MAX, code};
use crate::{
    plug::{Out, Stage},
    stats::SharedStats,
};
use bytes::Bytes;
use rtc::{
    interceptor::{Attribute, AttributedPacket, Packet, StreamInfo, TaggedPacket},
    rtp,
};
use std::collections::{BTreeMap, VecDeque};

/// Packets of pictures are kept so far back from the newest: the largest picture that is protected, and as much behind it.
const KEPT: u16 = 2 * MEDIA_MAX as u16;
/// Pictures whose parity waits for more.
const PICTURES: usize = 8;
/// So many packets of pictures after the last parity, they are no longer protected.
const UNPROTECTED: usize = 100;

/// Half of all sequence numbers: what is less than that behind another one is older.
const HALF: u16 = 1 << 15;

/// A picture of which parity has come.
#[derive(Debug)]
struct Picture {
    first: u16,
    packets: u8,
    payload_type: u8,
    timestamp: u32,
    parity: Vec<(u8, Bytes)>,
}

impl Picture {
    fn has(&self, sequence: u16) -> bool {
        sequence.wrapping_sub(self.first) < u16::from(self.packets)
    }
}

/// One stream of pictures.
#[derive(Debug, Default)]
struct Stream {
    /// The last packets' payloads, by number.
    media: BTreeMap<u16, Bytes>,
    pictures: VecDeque<Picture>,
    /// The newest number of all that were kept.
    newest: Option<u16>,
    /// Packets since the last parity; `None` where the pictures are not protected.
    since_parity: Option<usize>,
    /// Packets of parity of which nothing was made, since it was asked last.
    unused: usize,
}

/// The stage. It sits app-ward of where retransmissions are unwrapped, and wire-ward of whatever looks for gaps.
pub struct FecRecover {
    /// By SSRC of the pictures.
    streams: BTreeMap<u32, Stream>,
    /// By SSRC of the retransmissions, and so of the parity.
    repaired: BTreeMap<u32, u32>,
    fec: Fec,
    stats: SharedStats,
}

impl FecRecover {
    /// Takes parity where `fec` says that the peer knows it, and counts into `stats`.
    pub fn new(fec: Fec, stats: SharedStats) -> Self {
        Self { streams: BTreeMap::new(), repaired: BTreeMap::new(), fec, stats }
    }

    /// SSRC of the pictures, where this is parity over them.
    fn protected(&self, packet: &rtp::Packet) -> Option<u32> {
        self.repaired.get(&packet.header.ssrc).copied().filter(|_| self.fec.is(packet.header.payload_type))
    }

    fn count(&self, is_parity: bool, unused: usize) {
        if is_parity || unused > 0 {
            self.stats.update(|s| {
                s.video_in.fec_packets += u64::from(is_parity);
                s.video_in.fec_discarded += unused as u64;
            });
        }
    }
}

impl Stage for FecRecover {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        let Packet::Rtp(packet) = &tagged.message.packet else { return to_app.push_back(tagged) };
        let protected = self.protected(packet);
        let ssrc = protected.unwrap_or(packet.header.ssrc);
        let Some(stream) = self.streams.get_mut(&ssrc) else { return to_app.push_back(tagged) };
        let found = match protected {
            Some(_) => stream.on_parity(packet),
            None if self.fec.is_allowed() => stream.on_media(packet),
            None => return to_app.push_back(tagged),
        };
        let unused = std::mem::take(&mut stream.unused);
        self.fec.set_comes(stream.since_parity.is_some());
        self.count(protected.is_some(), unused);
        let (now, transport) = (tagged.now, tagged.transport);
        if protected.is_none() {
            to_app.push_back(tagged);
        }
        for mut packet in found {
            packet.header.ssrc = ssrc;
            let mut message = AttributedPacket::new(Packet::Rtp(packet));
            message.add(Attribute::RecoveredByFec);
            to_app.push_back(TaggedPacket { now, transport, message });
        }
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        if let Some(rtx) = stream.ssrc_rtx {
            self.repaired.insert(rtx, stream.ssrc);
            self.streams.entry(stream.ssrc).or_default();
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        if let Some(mut gone) = self.streams.remove(&stream.ssrc) {
            gone.forget_pictures(|_| true);
            self.count(false, gone.unused);
            self.fec.set_comes(false);
        }
        self.repaired.retain(|_, ssrc| *ssrc != stream.ssrc);
    }
}

impl Stream {
    /// A packet of a picture; those that can be made now.
    fn on_media(&mut self, packet: &rtp::Packet) -> Vec<rtp::Packet> {
        let sequence = packet.header.sequence_number;
        // What has come before comes again as padding, cut short: the first one is the true one.
        if self.is_old(sequence) || self.media.contains_key(&sequence) {
            return Vec::new();
        }
        if self.since_parity.is_some_and(|since| since >= UNPROTECTED) {
            self.since_parity = None;
            self.forget_pictures(|_| true);
        }
        self.since_parity = self.since_parity.map(|since| since + 1);
        self.keep(sequence, packet.payload.clone());
        let of = self.pictures.iter().position(|picture| picture.has(sequence));
        of.map(|picture| self.try_recover(picture)).unwrap_or_default()
    }

    /// A packet of parity; the packets that can be made now.
    fn on_parity(&mut self, packet: &rtp::Packet) -> Vec<rtp::Packet> {
        self.unused += 1;
        let Some((head, sum)) = packet.payload.split_first_chunk::<HEADER>() else { return Vec::new() };
        let [high, low, packets, row, payload_type] = *head;
        let (first, timestamp) = (u16::from_be_bytes([high, low]), packet.header.timestamp);
        let is_sane = (2..=MEDIA_MAX).contains(&usize::from(packets)) && usize::from(row) < PARITY_MAX;
        if !is_sane || sum.len() < 2 || self.is_old(first) {
            return Vec::new();
        }
        self.since_parity = Some(0);
        let known = self.pictures.iter().position(|of| (of.first, of.packets) == (first, packets));
        let known = known.unwrap_or_else(|| {
            if self.pictures.len() == PICTURES {
                self.unused += self.pictures.pop_front().map_or(0, |picture| picture.parity.len());
            }
            self.pictures.push_back(Picture { first, packets, payload_type, timestamp, parity: Vec::new() });
            self.pictures.len() - 1
        });
        let Some(picture) = self.pictures.get_mut(known) else { return Vec::new() };
        if picture.parity.iter().all(|(had, _)| *had != row) {
            picture.parity.push((row, packet.payload.slice(HEADER..)));
            self.unused -= 1;
        }
        self.try_recover(known)
    }

    /// Whether this number is further back than what is kept.
    fn is_old(&self, sequence: u16) -> bool {
        self.newest.is_some_and(|newest| is_old(sequence, newest))
    }

    /// No packets will be made of the parity of these pictures.
    fn forget_pictures(&mut self, which: impl Fn(&Picture) -> bool) {
        let unused = &mut self.unused;
        self.pictures.retain(|picture| {
            let goes = which(picture);
            *unused += if goes { picture.parity.len() } else { 0 };
            !goes
        });
    }

    fn keep(&mut self, sequence: u16, payload: Bytes) {
        self.media.insert(sequence, payload);
        let newest = self.newest.filter(|newest| newest.wrapping_sub(sequence) < HALF).unwrap_or(sequence);
        self.newest = Some(newest);
        // Before their numbers come again.
        self.media.retain(|sequence, _| newest.wrapping_sub(*sequence) < KEPT);
        self.forget_pictures(|picture| is_old(picture.first, newest));
    }

    /// What is missing of a picture, where enough of it is here. Then, and where nothing is missing, no more is needed of it.
    fn try_recover(&mut self, index: usize) -> Vec<rtp::Packet> {
        let Some(picture) = self.pictures.get(index) else { return Vec::new() };
        let payload = |n: u16| self.media.get(&picture.first.wrapping_add(n)).map(|payload| &payload[..]);
        let payloads: Vec<Option<&[u8]>> = (0..picture.packets.into()).map(payload).collect();
        let missing: Vec<u16> =
            (0..).zip(&payloads).filter(|(_, payload)| payload.is_none()).map(|(n, _)| n).collect();
        if missing.len() > picture.parity.len() {
            return Vec::new();
        }
        let parity: Vec<(u8, &[u8])> = picture.parity.iter().map(|(row, sum)| (*row, &sum[..])).collect();
        let recovered = code::recover(&payloads, &parity).unwrap_or_default();
        let made = missing.iter().zip(recovered).map(|(n, payload)| {
            let mut packet = rtp::Packet { payload: payload.into(), ..Default::default() };
            packet.header.version = 2;
            packet.header.payload_type = picture.payload_type;
            packet.header.sequence_number = picture.first.wrapping_add(*n);
            packet.header.timestamp = picture.timestamp;
            packet.header.marker = *n + 1 == u16::from(picture.packets);
            packet
        });
        let made: Vec<rtp::Packet> = made.collect();
        self.unused += parity.len() - made.len();
        self.pictures.remove(index);
        for packet in &made {
            self.keep(packet.header.sequence_number, packet.payload.clone());
        }
        made
    }
}

/// Whether `sequence` is further behind `newest` than what is kept.
fn is_old(sequence: u16, newest: u16) -> bool {
    (KEPT..HALF).contains(&newest.wrapping_sub(sequence))
}
