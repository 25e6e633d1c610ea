//! What was sent lately, to be sent again: when the peer asks for it (RFC 4585), or as padding that it throws away.
use crate::fec::{self, Parity};
use rtc::rtp;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Packets kept for each stream: two seconds of 5 Mbit/s.
const PACKETS_MAX: usize = 1024;
/// Older than this, a packet is of no use to any picture.
const LIFETIME: Duration = Duration::from_secs(2);
/// Least payload of padding; smaller packets make more headers than load, in bytes.
const PADDING_MIN: usize = 100;

struct Kept {
    packet: rtp::Packet,
    /// How many were kept before it.
    count: u64,
    /// Transport-wide number of its first sending.
    number: u64,
    arrived: bool,
    resent: Option<Instant>,
    at: Instant,
}

/// One stream that is repaired by retransmission (RFC 4588).
pub struct History {
    ssrc_rtx: u32,
    payload_type_rtx: u8,
    /// By sequence number, without gaps but for what the pacer threw away.
    packets: VecDeque<Kept>,
    next_rtx: u16,
    /// Packets kept so far.
    count: u64,
    /// The count at which the newest key frame begins, and when that left: nothing older is worth a repair.
    key_frame: Option<(u64, Instant)>,
}

impl History {
    /// Of a stream whose retransmissions go by that SSRC and payload type.
    #[must_use]
    pub fn new(ssrc_rtx: u32, payload_type_rtx: u8, first_rtx: u16) -> Self {
        Self {
            ssrc_rtx,
            payload_type_rtx,
            packets: VecDeque::new(),
            next_rtx: first_rtx,
            count: 0,
            key_frame: None,
        }
    }

    /// The same, whose retransmissions go by another payload type from now on.
    #[must_use]
    pub fn with_payload_type(self, payload_type_rtx: u8) -> Self {
        Self { payload_type_rtx, ..self }
    }

    /// Keeps a packet that leaves under that transport-wide number. `key` says that a key frame begins with it.
    pub fn keep(&mut self, packet: rtp::Packet, key: bool, number: u64, now: Instant) {
        if key {
            self.key_frame = Some((self.count, now));
        }
        if self.packets.len() == PACKETS_MAX {
            self.packets.pop_front();
        }
        let count = self.count;
        self.count += 1;
        self.packets.push_back(Kept { packet, count, number, arrived: false, resent: None, at: now });
    }

    /// The retransmission of `sequence`; `None` where it is not here, too old to help, or was sent again less than `rtt`
    /// ago.
    pub fn repeat(&mut self, sequence: u16, rtt: Duration, now: Instant) -> Option<rtp::Packet> {
        let index = self.find(sequence)?;
        let kept = self.packets.get_mut(index)?;
        let early = kept.resent.is_some_and(|at| now.saturating_duration_since(at) < rtt);
        if early || now.saturating_duration_since(kept.at) > LIFETIME {
            return None;
        }
        kept.resent = Some(now);
        let packet = kept.packet.clone();
        Some(self.wrap(packet))
    }

    /// The retransmission of `sequence` once more, whenever it was sent again last.
    pub fn copy(&mut self, sequence: u16) -> Option<rtp::Packet> {
        let index = self.find(sequence)?;
        let packet = self.packets.get(index)?.packet.clone();
        Some(self.wrap(packet))
    }

    /// Bytes that a repeat of `sequence` would take; `None` where it is not here, or too old to help.
    #[must_use]
    pub fn weight(&self, sequence: u16, now: Instant) -> Option<usize> {
        let kept = self.packets.get(self.find(sequence)?)?;
        (now.saturating_duration_since(kept.at) <= LIFETIME).then_some(kept.packet.payload.len())
    }

    /// When the newest key frame began to leave.
    #[must_use]
    pub fn key_frame_at(&self) -> Option<Instant> {
        self.key_frame.map(|(_, at)| at)
    }

    /// Nothing sent so far is worth a repair any more: a key frame is to come.
    pub fn abandon(&mut self, now: Instant) {
        self.key_frame = Some((self.count, now));
    }

    fn find(&self, sequence: u16) -> Option<usize> {
        let order = |kept: &Kept| order(kept.packet.header.sequence_number, sequence);
        let index = self.packets.binary_search_by(order).ok()?;
        let kept = self.packets.get(index)?;
        self.key_frame.is_none_or(|(first, _)| kept.count >= first).then_some(index)
    }

    /// SSRC of the retransmissions.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.ssrc_rtx
    }

    /// Whether nothing was sent yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The packet of that transport-wide number has arrived.
    pub fn on_arrival(&mut self, number: u64) {
        if let Ok(index) = self.packets.binary_search_by_key(&number, |kept| kept.number) {
            self.packets[index].arrived = true;
        }
    }

    /// Something that the peer has already and will throw away, with a payload of about `size` bytes; `None` before
    /// anything was sent.
    pub fn padding(&mut self, size: usize) -> Option<rtp::Packet> {
        if let Some(kept) = self.packets.iter().rev().find(|kept| kept.arrived) {
            let mut packet = kept.packet.clone();
            // It is the number that the peer throws away: what stands behind it need not be all. And GStreamer tells
            // of packets only when one with a marker has come.
            packet.payload.truncate(size.max(PADDING_MIN));
            packet.header.marker = true;
            return Some(self.wrap(packet));
        }
        let off = |kept: &&Kept| kept.packet.payload.len().abs_diff(size);
        let packet = self.packets.iter().rev().take(16).min_by_key(off)?.packet.clone();
        Some(self.wrap(packet))
    }

    /// Parity over a picture of this stream, among the retransmissions.
    pub fn parity(&mut self, Parity { timestamp, payload, .. }: Parity) -> rtp::Packet {
        let mut packet = rtp::Packet { payload, ..Default::default() };
        packet.header.version = 2;
        packet.header.timestamp = timestamp;
        packet.header.payload_type = fec::PAYLOAD_TYPE;
        self.number(packet)
    }

    /// RFC 4588 section 4: the sequence number that is repeated goes before the payload.
    fn wrap(&mut self, mut packet: rtp::Packet) -> rtp::Packet {
        let mut payload = Vec::with_capacity(2 + packet.payload.len());
        payload.extend_from_slice(&packet.header.sequence_number.to_be_bytes());
        payload.extend_from_slice(&packet.payload);
        packet.payload = payload.into();
        packet.header.payload_type = self.payload_type_rtx;
        self.number(packet)
    }

    fn number(&mut self, mut packet: rtp::Packet) -> rtp::Packet {
        packet.header.ssrc = self.ssrc_rtx;
        packet.header.sequence_number = self.next_rtx;
        self.next_rtx = self.next_rtx.wrapping_add(1);
        packet
    }
}

/// RFC 1982.
fn order(a: u16, b: u16) -> std::cmp::Ordering {
    (a.wrapping_sub(b) as i16).cmp(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    fn packet(sequence: u16, size: usize) -> rtp::Packet {
        let mut packet = rtp::Packet { payload: vec![7; size].into(), ..Default::default() };
        packet.header.sequence_number = sequence;
        packet.header.timestamp = 99;
        packet.header.ssrc = 1;
        packet
    }

    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_repeat_carries_the_number_it_repeats_under_one_of_its_own() {
        let (mut history, start) = (History::new(2, 97, 500), now());
        for sequence in [65_534, 65_535, 0, 1] {
            history.keep(packet(sequence, 300), false, 0, start);
        }
        for (sequence, own) in [(65_535, 500), (0, 501)] {
            let again = history.repeat(sequence, RTT, start).unwrap();
            assert_eq!((again.header.ssrc, again.header.payload_type), (2, 97));
            assert_eq!((again.header.sequence_number, again.header.timestamp), (own, 99));
            assert_eq!(again.payload[..2], sequence.to_be_bytes());
            assert_eq!(again.payload.len(), 302);
        }
        assert_eq!(history.repeat(2, RTT, start), None);
    }

    #[test]
    fn a_packet_is_repeated_once_a_round_trip_and_not_for_ever() {
        let (mut history, start) = (History::new(2, 97, 0), now());
        history.keep(packet(1, 300), false, 0, start);
        assert!(history.repeat(1, RTT, start).is_some());
        assert!(history.repeat(1, RTT, start + RTT / 2).is_none());
        assert!(history.repeat(1, RTT, start + RTT).is_some());
        assert!(history.repeat(1, RTT, start + LIFETIME * 2).is_none());
    }

    #[test]
    fn nothing_before_a_key_frame_is_repeated() {
        let (mut history, start) = (History::new(2, 97, 0), now());
        for sequence in 1..=4 {
            history.keep(packet(sequence, 300), sequence == 3, 0, start);
        }
        assert!(history.repeat(2, RTT, start).is_none());
        assert!(history.repeat(3, RTT, start).is_some());
    }

    #[test]
    fn a_stream_without_key_frames_is_repaired_for_ever() {
        let (mut history, start) = (History::new(2, 97, 0), now());
        for n in 0..100_000_u32 {
            history.keep(packet(n as u16, 300), n == 5, n.into(), start);
            assert!(history.repeat(n as u16, RTT, start).is_some(), "{n}");
        }
    }

    #[test]
    fn padding_is_what_was_sent_lately() {
        let (mut history, start) = (History::new(2, 97, 0), now());
        assert_eq!(history.padding(500), None);
        history.keep(packet(2, 900), false, 20, start);
        history.keep(packet(3, 400), false, 21, start);
        assert_eq!(history.padding(800).unwrap().payload.len(), 902);
        assert_eq!(history.padding(300).unwrap().payload.len(), 402);
    }

    #[test]
    fn padding_of_what_has_arrived_is_as_long_as_is_asked_for() {
        let (mut history, start) = (History::new(2, 97, 0), now());
        history.keep(packet(2, 900), false, 20, start);
        history.keep(packet(3, 900), false, 25, start);
        history.on_arrival(20);
        let padding = history.padding(150).unwrap();
        assert_eq!((padding.payload.len(), &padding.payload[..2]), (152, [0, 2].as_slice()));
        assert!(padding.header.marker);
    }
}
