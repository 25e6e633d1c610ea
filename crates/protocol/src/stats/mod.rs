//! How a call's media fare, in the words of W3C's webrtc-stats (<https://www.w3.org/TR/webrtc-stats/>).
//!
//! ```text
//! codec <-- inbound-rtp                                  received
//! codec <-- outbound-rtp <-- remote-inbound-rtp          sent, and what the receiver says of it
//! candidate-pair --> local-candidate, remote-candidate   the path in use
//! ```
//! Names, units and meanings are the standard's: seconds, bytes, bit/s, counts since the connection was made. A figure that
//! is not known is left out, never 0. No addresses: they are nobody's business but the two peers'.

/// Declares an object of the standard, whose every figure may be unknown.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $value:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$value>,)*
        }
    };
}

mod codec;
mod inbound;
mod outbound;
mod path;
mod remote;

pub use codec::Codec;
pub use inbound::InboundRtp;
pub use outbound::{OutboundRtp, QualityLimitation, QualityLimitationDurations};
pub use path::{Candidate, CandidatePair, CandidatePairState, CandidateType};
pub use remote::RemoteInboundRtp;
use serde::{Deserialize, Serialize};

/// Most objects of one type that are taken in: a call has two streams each way.
const OBJECTS_MAX: usize = 16;
/// Longest text that is taken in, in bytes: names of codecs and their implementations.
const TEXT_MAX: usize = 128;

/// Sound or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// All objects of one moment, by the standard's `type`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct WebRtcStats {
    /// The moment: Unix time in milliseconds.
    pub timestamp: f64,
    /// `RTCInboundRtpStreamStats`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inbound_rtp: Vec<InboundRtp>,
    /// `RTCOutboundRtpStreamStats`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outbound_rtp: Vec<OutboundRtp>,
    /// `RTCRemoteInboundRtpStreamStats`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remote_inbound_rtp: Vec<RemoteInboundRtp>,
    /// `RTCIceCandidatePairStats`, of the pair in use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidate_pair: Vec<CandidatePair>,
    /// `RTCIceCandidateStats` of our end of that pair.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub local_candidate: Vec<Candidate>,
    /// `RTCIceCandidateStats` of the peer's end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remote_candidate: Vec<Candidate>,
    /// `RTCCodecStats`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codec: Vec<Codec>,
}

impl WebRtcStats {
    /// Whether it is no larger than a call's can be: what a stranger sends is kept for as long as the call.
    pub(crate) fn is_bounded(&self) -> bool {
        let Self {
            timestamp: _,
            inbound_rtp,
            outbound_rtp,
            remote_inbound_rtp,
            candidate_pair,
            local_candidate,
            remote_candidate,
            codec,
        } = self;
        let counts = [
            inbound_rtp.len(),
            outbound_rtp.len(),
            remote_inbound_rtp.len(),
            candidate_pair.len(),
            local_candidate.len(),
            remote_candidate.len(),
            codec.len(),
        ];
        let candidates = local_candidate.iter().chain(remote_candidate);
        let mut texts = inbound_rtp
            .iter()
            .flat_map(|s| [&s.codec_id, &s.decoder_implementation])
            .chain(outbound_rtp.iter().flat_map(|s| [&s.codec_id, &s.encoder_implementation]))
            .chain(candidate_pair.iter().flat_map(|p| [&p.local_candidate_id, &p.remote_candidate_id]))
            .chain(candidates.flat_map(|c| [&c.id, &c.protocol, &c.relay_protocol]))
            .chain(codec.iter().flat_map(|c| [&c.id, &c.mime_type]));
        counts.iter().all(|count| *count <= OBJECTS_MAX)
            && texts.all(|text| text.as_ref().is_none_or(|text| text.len() <= TEXT_MAX))
    }
}
