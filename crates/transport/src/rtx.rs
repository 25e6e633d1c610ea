//! Retransmissions (RFC 4588) turned back into the packets that they repeat, before anything counts losses.
//!
//! rtc does this only at the end of its chain, so its own NACK generator never saw a repair and asked again and again:
//! 75 lost packets made 2,770 retransmissions (measured).
use crate::{
    VideoFormats,
    fec::Fec,
    plug::{Out, Stage},
};
use rtc::{
    interceptor::{Attribute, Packet, StreamInfo, TaggedPacket},
    rtp,
};
use std::collections::BTreeMap;

/// The stage that unwraps. It sits wire-ward of whatever looks at sequence numbers.
pub struct RtxUnwrap {
    /// By SSRC of the retransmission stream: SSRC and first payload type of the stream that it repairs.
    repairs: BTreeMap<u32, (u32, u8)>,
    formats: VideoFormats,
    fec: Fec,
}

impl RtxUnwrap {
    /// Knows the peer's payload types by `formats`, and by `fec` whether parity comes by the same SSRC.
    pub fn new(formats: VideoFormats, fec: Fec) -> Self {
        Self { repairs: BTreeMap::new(), formats, fec }
    }
}

/// Rewrites `packet` into what it repeats. False where it repeats nothing: padding of a bandwidth probe.
pub fn unwrap(packet: &mut rtp::Packet, ssrc: u32, payload_type: u8) -> bool {
    if packet.payload.len() < 2 {
        return false;
    }
    let original = packet.payload.split_to(2);
    packet.header.sequence_number = u16::from_be_bytes([original[0], original[1]]);
    packet.header.ssrc = ssrc;
    packet.header.payload_type = payload_type;
    packet.header.padding = false;
    !packet.payload.is_empty()
}

impl Stage for RtxUnwrap {
    fn read(&mut self, mut tagged: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        if let Packet::Rtp(packet) = &mut tagged.message.packet
            && let Some(&(ssrc, first)) = self.repairs.get(&packet.header.ssrc)
            && !self.fec.is(packet.header.payload_type)
        {
            let payload_type = self.formats.repaired_by(packet.header.payload_type).unwrap_or(first);
            if !unwrap(packet, ssrc, payload_type) {
                return;
            }
            tagged.message.add(Attribute::Retransmission);
        }
        to_app.push_back(tagged);
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        if let Some(rtx) = stream.ssrc_rtx {
            self.repairs.insert(rtx, (stream.ssrc, stream.payload_type));
        }
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.repairs.retain(|_, (ssrc, _)| *ssrc != stream.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use super::unwrap;
    use rtc::rtp;

    fn packet(payload: &'static [u8]) -> rtp::Packet {
        let mut packet = rtp::Packet { payload: payload.into(), ..Default::default() };
        packet.header.ssrc = 2;
        packet.header.sequence_number = 9;
        packet.header.timestamp = 77;
        packet
    }

    #[test]
    fn a_retransmission_becomes_the_packet_that_was_lost() {
        let mut packet = packet(&[0x12, 0x34, 5, 6]);
        assert!(unwrap(&mut packet, 1, 96));
        assert_eq!((packet.header.ssrc, packet.header.payload_type), (1, 96));
        assert_eq!(packet.header.sequence_number, 0x1234);
        assert_eq!(packet.header.timestamp, 77);
        assert_eq!(&packet.payload[..], [5, 6]);
    }

    #[test]
    fn probe_padding_repeats_nothing() {
        assert!(!unwrap(&mut packet(&[]), 1, 96));
        assert!(!unwrap(&mut packet(&[1]), 1, 96));
        assert!(!unwrap(&mut packet(&[1, 2]), 1, 96));
    }
}
