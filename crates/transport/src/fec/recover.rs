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

/// Packets of pictures that are kept: the largest picture that is protected, and as much behind it.
const KEPT: usize = 2 * MEDIA_MAX;
/// Pictures whose parity waits for more.
const PICTURES: usize = 8;
/// So many packets of pictures after the last parity, they are no longer protected.
const UNPROTECTED: usize = 100;

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
    /// The last packets, by number.
    media: VecDeque<(u16, Bytes)>,
    pictures: VecDeque<Picture>,
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
}

impl Stage for FecRecover {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        let Packet::Rtp(packet) = &tagged.message.packet else { return to_app.push_back(tagged) };
        let protected = self.protected(packet);
        let ssrc = protected.unwrap_or(packet.header.ssrc);
        let Some(stream) = self.streams.get_mut(&ssrc) else { return to_app.push_back(tagged) };
        let found = if protected.is_some() { stream.on_parity(packet) } else { stream.on_media(packet) };
        let unused = std::mem::take(&mut stream.unused);
        self.fec.set_comes(stream.since_parity.is_some());
        if protected.is_some() || unused > 0 {
            self.stats.update(|s| {
                s.video_in.fec_packets += u64::from(protected.is_some());
                s.video_in.fec_discarded += unused as u64;
            });
        }
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
        self.streams.remove(&stream.ssrc);
        self.repaired.retain(|_, ssrc| *ssrc != stream.ssrc);
    }
}

impl Stream {
    /// A packet of a picture; those that can be made now.
    fn on_media(&mut self, packet: &rtp::Packet) -> Vec<rtp::Packet> {
        let Some(since) = self.since_parity.as_mut() else { return Vec::new() };
        *since += 1;
        if *since > UNPROTECTED {
            *self = Self::default();
            return Vec::new();
        }
        let sequence = packet.header.sequence_number;
        self.keep(sequence, packet.payload.clone());
        let of = self.pictures.iter().position(|picture| picture.has(sequence));
        of.map(|picture| self.try_recover(picture)).unwrap_or_default()
    }

    /// A packet of parity; the packets that can be made now.
    fn on_parity(&mut self, packet: &rtp::Packet) -> Vec<rtp::Packet> {
        let Some((head, sum)) = packet.payload.split_first_chunk::<HEADER>() else { return Vec::new() };
        let [high, low, packets, row, payload_type] = *head;
        let is_sane = (2..=MEDIA_MAX).contains(&usize::from(packets)) && usize::from(row) < PARITY_MAX;
        if !is_sane || sum.len() < 2 {
            return Vec::new();
        }
        self.since_parity = Some(0);
        let (first, timestamp) = (u16::from_be_bytes([high, low]), packet.header.timestamp);
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
        }
        self.try_recover(known)
    }

    fn keep(&mut self, sequence: u16, payload: Bytes) {
        if self.media.len() == KEPT {
            self.media.pop_front();
        }
        self.media.push_back((sequence, payload));
    }

    /// What is missing of a picture, where enough of it is here. Then, and where nothing is missing, no more is needed of it.
    fn try_recover(&mut self, index: usize) -> Vec<rtp::Packet> {
        let Some(picture) = self.pictures.get(index) else { return Vec::new() };
        let mut payloads: Vec<Option<&[u8]>> = vec![None; picture.packets.into()];
        for (sequence, payload) in self.media.iter().filter(|(sequence, _)| picture.has(*sequence)) {
            payloads[usize::from(sequence.wrapping_sub(picture.first))] = Some(payload);
        }
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
