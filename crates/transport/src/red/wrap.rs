//! The stage that puts earlier sound into each packet.
use super::{
    Redundancy,
    format::{self, Block},
    unwrap::duration,
};
use crate::{
    MediaKind,
    plug::{Out, Stage},
};
use bytes::Bytes;
use rtc::{
    interceptor::{Packet, StreamInfo, TaggedPacket},
    rtp,
};
use std::collections::{BTreeSet, VecDeque};

/// How many packets ago the repeated ones were sent: one is enough against single losses; a second one further back
/// outlives a short burst, and costs no more delay than a burst does anyway.
const DISTANCES: [&[usize]; 3] = [&[], &[1], &[3, 1]];
/// Packets remembered: as far back as the longest distance.
const KEPT: usize = 3;

struct Kept {
    sequence: u16,
    timestamp: u32,
    payload_type: u8,
    payload: Bytes,
}

/// Sits before whatever numbers and sends.
pub struct RedWrap {
    redundancy: Redundancy,
    audio: BTreeSet<u32>,
    /// Newest last.
    kept: VecDeque<Kept>,
}

impl RedWrap {
    /// Does what `redundancy` says.
    pub fn new(redundancy: Redundancy) -> Self {
        Self { redundancy, audio: BTreeSet::new(), kept: VecDeque::new() }
    }

    fn wrap(&self, packet: &mut rtp::Packet, payload_type: u8) {
        let distances = DISTANCES[usize::from(self.redundancy.copies()).min(DISTANCES.len() - 1)];
        let mut blocks: Vec<Block> =
            distances.iter().filter_map(|distance| self.block(packet, *distance)).collect();
        if blocks.is_empty() {
            return;
        }
        let primary = packet.header.payload_type;
        blocks.push(Block { payload_type: primary, offset: 0, data: packet.payload.clone() });
        packet.payload = format::encode(&blocks);
        packet.header.payload_type = payload_type;
    }

    /// What was sent so many packets ago, where it and all since were of one length, with no pause between them: from that
    /// the peer knows its number.
    fn block(&self, packet: &rtp::Packet, distance: usize) -> Option<Block> {
        let first = self.kept.len().checked_sub(distance)?;
        let since: Vec<&Kept> = self.kept.range(first..).collect();
        let Kept { timestamp, payload_type, payload, .. } = *since.first()?;
        let times = since.iter().map(|kept| (kept.sequence, kept.timestamp));
        let now = (packet.header.sequence_number, packet.header.timestamp);
        let times: Vec<(u16, u32)> = times.chain([now]).collect();
        let step = duration(payload)?;
        let even = times
            .windows(2)
            .all(|pair| pair[1].0 == pair[0].0.wrapping_add(1) && pair[1].1.wrapping_sub(pair[0].1) == step);
        let offset = now.1.wrapping_sub(*timestamp);
        let block = Block { payload_type: *payload_type, offset, data: payload.clone() };
        (even && format::fits(&block)).then_some(block)
    }
}

impl Stage for RedWrap {
    fn write(&mut self, mut tagged: TaggedPacket, to_wire: &mut Out) {
        if let Packet::Rtp(packet) = &mut tagged.message.packet
            && self.audio.contains(&packet.header.ssrc)
        {
            let kept = Kept {
                sequence: packet.header.sequence_number,
                timestamp: packet.header.timestamp,
                payload_type: packet.header.payload_type,
                payload: packet.payload.clone(),
            };
            if let Some(payload_type) = self.redundancy.payload_type() {
                self.wrap(packet, payload_type);
            }
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(kept);
        }
        to_wire.push_back(tagged);
    }

    fn bind_local(&mut self, stream: &StreamInfo) {
        if MediaKind::of(&stream.mime_type) == Some(MediaKind::Audio) {
            self.audio.insert(stream.ssrc);
        }
    }
}
