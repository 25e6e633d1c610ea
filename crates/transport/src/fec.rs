//! Forward error correction of pictures: packets of parity behind each of them, from which as many lost packets can be made
//! as there are. For paths on which a repair on demand takes long.
//!
//! ```text
//! packets of a picture --> Protect --> parity ~ network ~> Recover --> what was lost
//!                             ^-- Fec: does the peer know it? --^
//! ```
//! A packet of parity goes by the SSRC of the retransmissions and a payload type of its own, between two of our clients only:
//! numbered, paced and counted like everything else, and nothing to negotiate. Its payload, big-endian:
//!
//! | octets | |
//! |---|---|
//! | 2 | sequence number of the picture's first packet |
//! | 1 | how many packets the picture has |
//! | 1 | row of the code's matrix |
//! | 1 | payload type of the picture's packets |
//! | rest | parity over each packet's length (two octets) and payload, filled up with zeros to the longest |
mod code;
mod protect;
mod recover;

pub use protect::{Parity, Path, Protect};
pub use recover::FecRecover;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Payload type of parity, which nothing else is offered by.
pub const PAYLOAD_TYPE: u8 = 125;
/// Before the parity itself.
const HEADER: usize = 5;
/// The longest parity fits like what it protects ([`eyeline_rtp::MAX_PAYLOAD`] tells the sum): of header extensions it has
/// the number alone, 8 bytes.
const _: () = assert!(HEADER + 2 + eyeline_rtp::MAX_PAYLOAD <= 1280 - (40 + 8 + 4 + 12 + 8 + 16));
/// Packets of a picture that are protected together, at most: larger ones, key frames of a wide path, go unprotected.
const MEDIA_MAX: usize = 48;
/// Packets of parity for one picture, at most.
const PARITY_MAX: usize = 8;

/// What the application and the stages say to each other.
#[derive(Debug, Clone, Default)]
pub struct Fec(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    allowed: AtomicBool,
    comes: AtomicBool,
}

impl Fec {
    /// Whether the peer knows it.
    pub fn allow(&self, allowed: bool) {
        self.0.allowed.store(allowed, Ordering::Relaxed);
    }

    /// Likewise.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.0.allowed.load(Ordering::Relaxed)
    }

    /// Whether packets with this payload type, among the retransmissions, are parity.
    pub(crate) fn is(&self, payload_type: u8) -> bool {
        self.is_allowed() && payload_type == PAYLOAD_TYPE
    }

    fn set_comes(&self, comes: bool) {
        self.0.comes.store(comes, Ordering::Relaxed);
    }

    /// Whether the peer's pictures are protected just now: what is missing may come without being asked for.
    #[must_use]
    pub fn comes(&self) -> bool {
        self.0.comes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
