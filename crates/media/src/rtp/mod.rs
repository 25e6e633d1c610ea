//! RTP packets as the media see them. SSRC and payload type belong to the peer connection, which adds them.
pub mod clock;

use bytes::Bytes;

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
