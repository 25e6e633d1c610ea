//! What is sent.
use super::MediaKind;
use serde::{Deserialize, Serialize};

object! {
    /// `RTCOutboundRtpStreamStats`: a stream that is sent.
    OutboundRtp {
        /// Sound or picture.
        kind: MediaKind,
        /// Synchronisation source.
        ssrc: u32,
        /// The `id` of its codec.
        codec_id: String,
        /// RTP packets, retransmissions and padding included.
        packets_sent: u64,
        /// Bytes of payload, retransmissions included.
        bytes_sent: u64,
        /// Bytes of headers and padding.
        header_bytes_sent: u64,
        /// Packets that were sent again (RFC 4588).
        retransmitted_packets_sent: u64,
        /// Their bytes of payload.
        retransmitted_bytes_sent: u64,
        /// What the encoder is to make, in bit/s.
        target_bitrate: f64,
        /// Pictures encoded.
        frames_encoded: u64,
        /// Key frames among them.
        key_frames_encoded: u64,
        /// Width of the last encoded picture, in pixels.
        frame_width: u32,
        /// Its height.
        frame_height: u32,
        /// Pictures encoded in the last second.
        frames_per_second: f64,
        /// Time spent encoding, in seconds.
        total_encode_time: f64,
        /// Messages in which the peer asked for packets (RFC 4585).
        nack_count: u64,
        /// The peer's requests for a key frame (RFC 4585).
        pli_count: u64,
        /// The peer's requests for a key frame (RFC 5104).
        fir_count: u64,
        /// What keeps the picture from being as good as the camera's.
        quality_limitation_reason: QualityLimitation,
        /// For how long each did so far.
        quality_limitation_durations: QualityLimitationDurations,
        /// Name of the encoder.
        encoder_implementation: String,
        /// Whether anything is sent.
        active: bool,
    }
}

/// `RTCQualityLimitationReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QualityLimitation {
    /// Nothing.
    None,
    /// This machine is too slow.
    Cpu,
    /// The path is too narrow.
    Bandwidth,
    /// Something else.
    Other,
}

/// Seconds spent under each limitation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QualityLimitationDurations {
    /// Nothing.
    pub none: f64,
    /// This machine is too slow.
    pub cpu: f64,
    /// The path is too narrow.
    pub bandwidth: f64,
    /// Something else.
    pub other: f64,
}

impl QualityLimitationDurations {
    /// Adds `seconds` under `reason`.
    pub fn add(&mut self, reason: QualityLimitation, seconds: f64) {
        let sum = match reason {
            QualityLimitation::None => &mut self.none,
            QualityLimitation::Cpu => &mut self.cpu,
            QualityLimitation::Bandwidth => &mut self.bandwidth,
            QualityLimitation::Other => &mut self.other,
        };
        *sum += seconds;
    }
}
