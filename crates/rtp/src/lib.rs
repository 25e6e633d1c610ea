//! RTP payload formats and numbers, small and pure: what the media and the transport both read of packets.
//!
//! ```text
//! encoded frame --> packetize --> payloads ~ network ~> parse, append --> encoded frame
//!                                             '-> does a key frame begin here?
//! ```
//! VP8 (RFC 7741) and H.264 (RFC 6184, packetization-mode 1). Opus needs nothing: the payload is the Opus packet itself
//! (RFC 7587).
#![forbid(unsafe_code)]

pub mod h264;
mod sequence;
pub mod vp8;

use bytes::{Bytes, BytesMut};
pub use sequence::Unwrapper;

/// Longest video payload. 1280 bytes are what every IPv6 path carries (RFC 8200, section 5); from that go IPv6 40, UDP 8,
/// a TURN channel header 4, RTP 12, header extensions 20, an RTX sequence number 2 and an AES-GCM tag 16: 1178 are left.
/// Parity over such payloads is 7 bytes longer and has 12 bytes of extensions less: the transport's `fec` holds it to that.
pub const MAX_PAYLOAD: usize = 1176;

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
