//! What leaves, counted as it leaves: what the pacer throws away was never sent.
use super::SendSide;
use rtc::{rtp, shared::marshal::MarshalSize};

/// Bytes before the payload of a retransmission: the number of what it repeats (RFC 4588 section 4).
const REPEATED_NUMBER: usize = 2;

/// The header extension that is yet to be written: its own head, an element of two bytes, padded to words (RFC 8285).
const EXTENSION: usize = 8;

/// What a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Media,
    Repair,
    /// The peer throws it away.
    Padding,
}

impl SendSide {
    pub(super) fn count(&self, packet: &rtp::Packet, part: Part) {
        let Some(local) = self.streams.of(packet.header.ssrc) else { return };
        let (kind, numbered) = (local.kind, local.extension.is_some());
        let all = packet.marshal_size() + if numbered { EXTENSION } else { 0 };
        let payload = packet.payload.len();
        let payload = match part {
            Part::Media => payload,
            Part::Repair => payload.saturating_sub(REPEATED_NUMBER),
            Part::Padding => 0,
        };
        self.stats.update(|s| {
            let stream = s.outgoing(kind);
            stream.add(all.saturating_sub(payload), payload);
            match part {
                Part::Media => {}
                Part::Repair => {
                    stream.add_repair(payload);
                    s.retransmits_sent += 1;
                }
                Part::Padding => stream.padding_packets += 1,
            }
        });
    }
}
