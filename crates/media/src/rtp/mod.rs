//! RTP payload formats, small and pure: encoded frame <-> packets.
//!
//! VP8 (RFC 7741), H.264 (RFC 6184, packetization-mode 1), Opus (RFC 7587: the payload is the Opus packet itself).
//! SSRC and payload type belong to the peer connection, which adds them.
pub mod clock;
pub mod h264;
pub mod sequence;
pub mod vp8;

use bytes::{Bytes, BytesMut};

/// An RTP packet without what the peer connection adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpPacket {
    /// Last packet of a picture, or first of a talk spurt.
    pub marker: bool,
    /// Counts packets, modulo 2^16.
    pub sequence: u16,
    /// Media time at the payload's clock rate, modulo 2^32.
    pub timestamp: u32,
    /// Payload, by the codec's payload format.
    pub payload: Bytes,
}

/// Longest video payload. 1280 bytes are what every IPv6 path carries (RFC 8200, section 5); from that go IPv6 40, UDP 8,
/// a TURN channel header 4, RTP 12, header extensions 20, an RTX sequence number 2 and an AES-GCM tag 16: 1178 are left.
pub const MAX_PAYLOAD: usize = 1176;

/// RTP clock rate of every video payload format used here, in Hz.
pub const VIDEO_CLOCK_HZ: u32 = 90_000;

/// Numbers the packets of one stream.
#[derive(Debug)]
pub struct Sequencer {
    next: u16,
}

impl Default for Sequencer {
    /// Starts anywhere (RFC 3550, section 5.1), below the middle so that an early wrap does not confuse SRTP's rollover
    /// guess when the first packets are lost (RFC 3711, section 3.3.1).
    fn default() -> Self {
        Self { next: rand::random::<u16>() >> 1 }
    }
}

impl Sequencer {
    /// Turns the payloads of one picture into packets: the last one carries the marker.
    pub fn picture(&mut self, payloads: Vec<Bytes>, timestamp: u32) -> Vec<RtpPacket> {
        let last = payloads.len().saturating_sub(1);
        payloads
            .into_iter()
            .enumerate()
            .map(|(index, payload)| self.packet(index == last, timestamp, payload))
            .collect()
    }

    /// One packet.
    pub fn packet(&mut self, marker: bool, timestamp: u32, payload: Bytes) -> RtpPacket {
        let sequence = self.next;
        self.next = self.next.wrapping_add(1);
        RtpPacket { marker, sequence, timestamp, payload }
    }
}

/// Splits `frame` into chunks of nearly equal size, none longer than `limit`: equal packets share one fate in a queue.
fn chunks(frame: &[u8], limit: usize) -> std::slice::Chunks<'_, u8> {
    let count = frame.len().div_ceil(limit).max(1);
    frame.chunks(frame.len().div_ceil(count).max(1))
}

/// Cuts payloads out of one allocation for the whole frame.
#[derive(Debug)]
struct PayloadWriter {
    buffer: BytesMut,
    payloads: Vec<Bytes>,
}

impl PayloadWriter {
    fn with_capacity(bytes: usize) -> Self {
        Self { buffer: BytesMut::with_capacity(bytes), payloads: Vec::with_capacity(bytes / MAX_PAYLOAD + 2) }
    }

    fn push(&mut self, header: &[u8], body: &[u8]) {
        self.buffer.extend_from_slice(header);
        self.buffer.extend_from_slice(body);
        self.payloads.push(self.buffer.split().freeze());
    }
}
