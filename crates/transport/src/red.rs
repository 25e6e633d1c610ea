//! Sound that carries the sound before it once more (RFC 2198), so that a lost packet is made good by the next one,
//! whatever it held: Opus' own redundancy is for speech only, and worse than the original.
//!
//! ```text
//! sound --> RedWrap --> SendSide ~ network ~> losses reported --> RedUnwrap --> application
//!             ^-- Redundancy: payload type, copies                    '-- what was missing, and the packet itself
//! ```
mod format;
mod unwrap;
mod wrap;

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};
pub use unwrap::RedUnwrap;
pub use wrap::RedWrap;

/// Payload type by which we offer it; what browsers use.
pub const PAYLOAD_TYPE: u8 = 63;
/// Agreed on not to use it; and not agreed on anything yet, though the peer may send already.
const NONE: u8 = u8::MAX;
const OPEN: u8 = NONE - 1;

/// How sound is repeated at present. Shared between the application and the stages.
#[derive(Debug, Clone)]
pub struct Redundancy(Arc<[AtomicU8; 2]>);

impl Default for Redundancy {
    fn default() -> Self {
        Self(Arc::new([AtomicU8::new(OPEN), AtomicU8::new(0)]))
    }
}

impl Redundancy {
    /// The payload type that was agreed on; `None` where the peer does not know the format.
    pub fn set_payload_type(&self, payload_type: Option<u8>) {
        self.0[0].store(payload_type.unwrap_or(NONE), Ordering::Relaxed);
    }

    /// Each packet of sound is sent so many times more.
    pub fn set_copies(&self, copies: u8) {
        self.0[1].store(copies, Ordering::Relaxed);
    }

    /// Whether the peer knows the format.
    #[must_use]
    pub fn is_agreed(&self) -> bool {
        self.payload_type().is_some()
    }

    fn payload_type(&self) -> Option<u8> {
        Some(self.0[0].load(Ordering::Relaxed)).filter(|payload_type| *payload_type < OPEN)
    }

    /// Whether packets of sound with this payload type are in the format.
    fn is(&self, payload_type: u8) -> bool {
        match self.0[0].load(Ordering::Relaxed) {
            NONE => false,
            OPEN => payload_type == PAYLOAD_TYPE,
            agreed => payload_type == agreed,
        }
    }

    fn copies(&self) -> u8 {
        self.0[1].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plug::{Out, Stage, bare},
        stats::SharedStats,
    };
    use rtc::{
        interceptor::{Packet, StreamInfo, TaggedPacket},
        rtp,
    };
    use std::time::Instant;

    const FRAME: u32 = 960;

    fn tagged(packet: rtp::Packet) -> TaggedPacket {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let now = Instant::now();
        bare(Packet::Rtp(packet), now)
    }

    /// Twenty milliseconds of wideband SILK, with a number in it.
    fn sound(n: u16) -> rtp::Packet {
        let mut packet = rtp::Packet { payload: vec![72, n as u8, 3].into(), ..Default::default() };
        packet.header.ssrc = 7;
        packet.header.payload_type = 111;
        packet.header.sequence_number = n.wrapping_sub(4);
        packet.header.timestamp = u32::from(n) * FRAME;
        packet
    }

    /// Sends packets of sound, of which some are lost, and gives what comes out at the other end.
    fn over(copies: u8, count: u16, lost: impl Fn(u16) -> bool) -> Vec<rtp::Packet> {
        over_of(copies, (0..count).map(sound), lost)
    }

    fn over_of(
        copies: u8,
        packets: impl Iterator<Item = rtp::Packet>,
        lost: impl Fn(u16) -> bool,
    ) -> Vec<rtp::Packet> {
        let redundancy = Redundancy::default();
        redundancy.set_payload_type(Some(PAYLOAD_TYPE));
        redundancy.set_copies(copies);
        let mut wrap = RedWrap::new(redundancy.clone());
        wrap.bind_local(&StreamInfo { ssrc: 7, mime_type: "audio/opus".into(), ..StreamInfo::default() });
        let mut unwrap = RedUnwrap::new(redundancy, SharedStats::default());
        unwrap.bind_remote(&StreamInfo { ssrc: 7, mime_type: "audio/opus".into(), ..StreamInfo::default() });
        let (mut wire, mut app) = (Out::new(), Out::new());
        for (n, packet) in (0..).zip(packets) {
            wrap.write(tagged(packet), &mut wire);
            let packet = wire.pop_front().expect("one in, one out");
            if !lost(n) {
                unwrap.read(packet, &mut app, &mut wire);
            }
        }
        let packet = |tagged: TaggedPacket| match tagged.message.packet {
            Packet::Rtp(packet) => packet,
            other => panic!("{other:?}"),
        };
        app.into_iter().map(packet).collect()
    }

    #[test]
    fn a_lost_packet_comes_with_the_next_one_and_none_comes_twice() {
        let came = over(1, 40, |n| n % 5 == 3);
        assert_eq!(came, (0..40).map(sound).collect::<Vec<_>>());
    }

    #[test]
    fn two_copies_outlive_a_burst_of_three() {
        let mut came = over(2, 40, |n| (10..13).contains(&n) || (20..24).contains(&n));
        came.sort_by_key(|packet| packet.header.timestamp);
        assert_eq!(came, (0..40).filter(|n| *n != 20).map(sound).collect::<Vec<_>>());
    }

    #[test]
    fn what_came_before_a_pause_is_not_repeated_after_it() {
        let talk = |n: u16| {
            let mut packet = sound(n);
            packet.header.timestamp += if n < 3 { 0 } else { 16 * FRAME };
            packet
        };
        let came = over_of(2, (0..10).map(talk), |n| n == 2);
        assert_eq!(came, (0..10).filter(|n| *n != 2).map(talk).collect::<Vec<_>>());
    }

    #[test]
    fn without_copies_packets_stay_as_they_are() {
        let came = over(0, 5, |_| false);
        assert_eq!(came, (0..5).map(sound).collect::<Vec<_>>());
    }
}
