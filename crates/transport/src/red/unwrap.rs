//! The stage that takes packets apart again: what was missing first, then the packet itself.
use super::{
    Redundancy,
    format::{self, Block},
};
use crate::{
    MediaKind,
    plug::{Out, Stage},
    stats::SharedStats,
};
use rtc::{
    interceptor::{AttributedPacket, Packet, StreamInfo, TaggedPacket},
    rtp,
};
use std::collections::{BTreeMap, BTreeSet};

/// Sits after whatever counts losses, so that the sender hears of them and goes on repeating.
pub struct RedUnwrap {
    redundancy: Redundancy,
    audio: BTreeSet<u32>,
    /// By SSRC.
    seen: BTreeMap<u32, Seen>,
    stats: SharedStats,
}

/// The newest sequence number, and which of the 63 before it were seen: bit `n` for `n` before.
struct Seen {
    newest: u16,
    bits: u64,
}

impl Seen {
    /// Whether `sequence` is new, and may still be of use.
    fn insert(&mut self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.newest) as i16;
        if ahead > 0 {
            self.bits = self.bits.checked_shl(ahead.unsigned_abs().into()).unwrap_or(0) | 1;
            self.newest = sequence;
            return true;
        }
        let bit = 1_u64.checked_shl(ahead.unsigned_abs().into()).unwrap_or(0);
        let new = bit != 0 && self.bits & bit == 0;
        self.bits |= bit;
        new
    }
}

impl RedUnwrap {
    /// Counts into `stats`.
    pub fn new(redundancy: Redundancy, stats: SharedStats) -> Self {
        Self { redundancy, audio: BTreeSet::new(), seen: BTreeMap::new(), stats }
    }

    fn insert(&mut self, ssrc: u32, sequence: u16) -> bool {
        let first = Seen { newest: sequence.wrapping_sub(1), bits: 0 };
        self.seen.entry(ssrc).or_insert(first).insert(sequence)
    }
}

impl Stage for RedUnwrap {
    fn read(&mut self, tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        let Packet::Rtp(packet) = &tagged.message.packet else { return to_app.push_back(tagged) };
        let sound = self.audio.contains(&packet.header.ssrc);
        if !sound || !self.redundancy.is(packet.header.payload_type) {
            // Noted so that what repeats it later is known for a repeat.
            if sound {
                self.insert(packet.header.ssrc, packet.header.sequence_number);
            }
            return to_app.push_back(tagged);
        }
        let header = packet.header.clone();
        for block in format::decode(packet.payload.clone()).unwrap_or_default() {
            let Some(distance) = distance(&block) else { continue };
            let sequence = header.sequence_number.wrapping_sub(distance);
            if block.data.is_empty() {
                continue;
            }
            let new = self.insert(header.ssrc, sequence);
            if distance > 0 {
                self.stats.update(|s| {
                    s.audio_in.fec_packets += 1;
                    s.audio_in.fec_discarded += u64::from(!new);
                    s.audio_made_good += u64::from(new);
                });
            }
            if !new {
                continue;
            }
            let mut packet = rtp::Packet { header: header.clone(), payload: block.data };
            packet.header.payload_type = block.payload_type;
            packet.header.sequence_number = sequence;
            packet.header.timestamp = header.timestamp.wrapping_sub(block.offset);
            packet.header.marker &= distance == 0;
            let message = AttributedPacket::new(Packet::Rtp(packet));
            to_app.push_back(TaggedPacket { now: tagged.now, transport: tagged.transport, message });
        }
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        if MediaKind::of(&stream.mime_type) == Some(MediaKind::Audio) {
            self.audio.insert(stream.ssrc);
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.audio.remove(&stream.ssrc);
        self.seen.remove(&stream.ssrc);
    }
}

/// How many packets ago a block was sent first: all since are as long as it (see `RedWrap`).
fn distance(block: &Block) -> Option<u16> {
    match (block.offset, duration(&block.data)?) {
        (0, _) => Some(0),
        (offset, step) if offset.is_multiple_of(step) => u16::try_from(offset / step).ok(),
        (_, _) => None,
    }
}

/// How long a packet of Opus lasts, in ticks of 48 kHz (RFC 6716 section 3.1).
pub(super) fn duration(data: &[u8]) -> Option<u32> {
    let toc = *data.first()?;
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => 120 << (config & 3),
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(data.get(1)? & 0x3f),
    };
    Some(frame * frames).filter(|ticks| *ticks > 0)
}
