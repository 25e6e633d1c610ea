//! Real-time transport quality over webrtc-rs: what its own machinery does badly, done anew.
//!
//! ```text
//!                wire                                                        application
//!  received --> arrivals noted --> RTX, FEC and RED undone --> losses found, asked again --> reports --> AppTap --> Event
//!      sent <-- SendSide: numbers, pace, repairs, estimate <-- receiver reports <-- sender reports <-- RED <-- RTP
//! ```
//!
//! Each box is a pure core (time is an argument) and a [`plug::Stage`] around it; [`chain`] puts the stages into the
//! slots of rtc's chain of interceptors. Nothing here reads a clock, spawns or blocks.
#![forbid(unsafe_code)]

pub mod bwe;
pub mod chain;
pub mod fec;
mod formats;
mod key_frame;
pub mod nack;
pub mod plug;
pub mod red;
pub mod report;
pub mod rtx;
pub mod send;
pub mod stats;
mod tap;

use bytes::Bytes;
use std::sync::Arc;

pub use chain::{Chain, ChainConfig, Handles};
pub use fec::Fec;
pub use formats::{VideoFormat, VideoFormats};
pub use red::Redundancy;
pub use report::{SenderClocks, WallClock};
pub use send::Wish;
pub use stats::{SharedStats, StreamStats, TransportStats};

/// Sound or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

impl MediaKind {
    /// The kind that a MIME type such as `video/VP8` names; none for retransmission and repair formats. Redundant sound
    /// (`audio/red`) is sound.
    #[must_use]
    pub fn of(mime_type: &str) -> Option<Self> {
        let (kind, format) = mime_type.split_once('/')?;
        let is = |formats: &[&str]| formats.iter().any(|known| format.eq_ignore_ascii_case(known));
        match kind {
            "audio" if !is(&["rtx"]) => Some(Self::Audio),
            "video" if !is(&["rtx", "red", "ulpfec", "flexfec-03"]) => Some(Self::Video),
            _ => None,
        }
    }
}

/// One RTP packet as it arrived; retransmissions look like the packet they repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRtp {
    /// Of which stream.
    pub kind: MediaKind,
    /// RTP payload type, by which the codec was negotiated.
    pub payload_type: u8,
    /// Marker bit: the last packet of a picture, or the first of a talk spurt.
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// RTP time, in ticks of the codec's clock.
    pub timestamp: u32,
    /// Payload, without header extensions and padding.
    pub payload: Bytes,
}

/// What the chain tells the application.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The peer began to send a stream, or went over to another format in it; comes before the first packet of that.
    RemoteStream {
        /// Sound or picture.
        kind: MediaKind,
        /// Its format, such as `video/VP8`.
        mime_type: String,
        /// Its synchronisation source.
        ssrc: u32,
    },
    /// Media arrived. Not in order; no packet twice where the stream is one that we ask repairs for.
    Rtp(ReceivedRtp),
    /// The peer's clocks: its `ntp` time is the `rtp` time of that stream.
    SenderReport {
        /// Of which stream.
        kind: MediaKind,
        /// NTP time of the peer, seconds since 1900 in the high half.
        ntp: u64,
        /// RTP time at that moment.
        rtp: u32,
    },
    /// The peer cannot go on without a key frame: it says so, or pictures were lost on this side.
    KeyFrameRequested,
    /// Whether pictures are to be left out for now: the path is cut, or so much waits that they would come too late.
    Hold(bool),
    /// Whether nothing of what is sent is heard of any more: the path is cut, or so thin that word of it does not come through.
    Silence(bool),
    /// What to send from now on, audio and video together.
    TargetBitrate {
        /// In bit/s.
        bps: u64,
        /// Whether the path has shown it: the first is [`bwe::START_BPS`], a guess.
        is_known: bool,
    },
}

/// Takes events. Called between packets on the network task: must not block, wait or take long.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;
