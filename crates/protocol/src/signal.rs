//! `WS /ws/webrtc/{call_id}`: the negotiation of one call, relayed by the server between its two members.
//!
//! The first four messages are the public contract; the last three are the server's own words to a client.
use crate::{DecodeError, UserId, decode::tagged};
use serde::{Deserialize, Serialize};

/// Longest SDP that is relayed, in bytes. A 1:1 call's SDP with every codec is about 6 KiB (measured).
pub const SDP_MAX_BYTES: usize = 64 * 1024;
/// Longest candidate line that is relayed, in bytes. RFC 8839 candidates are about 150 bytes.
pub const CANDIDATE_MAX_BYTES: usize = 4 * 1024;
/// Most candidates that one side may send in one negotiation.
pub const CANDIDATES_MAX: usize = 200;

/// One message on the signaling socket of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Signal {
    /// An SDP offer (RFC 8829).
    Offer {
        /// The session description, as `RTCSessionDescription.toJSON()` writes it.
        offer: Sdp,
    },
    /// An SDP answer.
    Answer {
        /// The session description.
        answer: Sdp,
    },
    /// A trickled ICE candidate (RFC 8838).
    IceCandidate {
        /// The candidate, or `null` for the end of candidates.
        candidate: Option<IceCandidate>,
    },
    /// How the sender's peer connection fares.
    ConnectionState {
        /// The new state.
        state: ConnectionState,
    },
    /// Server to client: both members' sockets are, or are no longer, both open.
    Peer {
        /// The other member.
        user_id: UserId,
        /// Whether the other member's socket is open.
        present: bool,
    },
    /// Server to client: the call has ended; the socket closes after this.
    Ended {
        /// Why.
        reason: crate::rest::EndReason,
    },
    /// Server to client: a message of yours was not relayed.
    Error {
        /// What a program can act on.
        code: String,
        /// What a person can read.
        message: String,
    },
}

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdp {
    /// `offer` or `answer`.
    #[serde(rename = "type")]
    pub kind: SdpKind,
    /// The description itself (RFC 8866).
    pub sdp: String,
}

/// The kind of a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SdpKind {
    /// An offer.
    Offer,
    /// An answer.
    Answer,
}

/// A candidate as `RTCIceCandidate.toJSON()` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The `candidate:` line (RFC 8839 section 5.1); empty for the end of candidates.
    pub candidate: String,
    /// Index of the media description, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    /// The media description's `a=mid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The ICE user name fragment that the candidate belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// `RTCPeerConnectionState` (W3C WebRTC section 4.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "typescript"), derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum ConnectionState {
    /// Nothing has happened yet.
    New,
    /// Paths are being tried.
    Connecting,
    /// Media can flow.
    Connected,
    /// The path does not answer at present.
    Disconnected,
    /// No path works.
    Failed,
    /// The connection was closed.
    Closed,
}

impl Signal {
    /// The tags of all messages, as they stand in `type`.
    pub const TYPES: [&'static str; 7] =
        ["offer", "answer", "ice_candidate", "connection_state", "peer", "ended", "error"];

    /// Decodes one text frame.
    ///
    /// # Errors
    /// [`DecodeError`]; also where an `offer` holds an answer or the reverse, and where a size bound of this
    /// module is passed.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let signal: Self = tagged(text, &Self::TYPES)?;
        signal
            .check()
            .map_err(|reason| DecodeError::Malformed { kind: signal.kind().into(), reason: reason.into() })?;
        Ok(signal)
    }

    /// Encodes to one text frame.
    #[must_use]
    pub fn encode(&self) -> String {
        #[expect(
            clippy::expect_used,
            reason = "string keys and finite numbers only: serialisation cannot fail"
        )]
        serde_json::to_string(self).expect("a signal is always serialisable")
    }

    /// The message's `type`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Offer { .. } => "offer",
            Self::Answer { .. } => "answer",
            Self::IceCandidate { .. } => "ice_candidate",
            Self::ConnectionState { .. } => "connection_state",
            Self::Peer { .. } => "peer",
            Self::Ended { .. } => "ended",
            Self::Error { .. } => "error",
        }
    }

    /// Whether a client may send this; the rest are the server's own.
    #[must_use]
    pub fn is_from_client(&self) -> bool {
        match self {
            Self::Offer { .. }
            | Self::Answer { .. }
            | Self::IceCandidate { .. }
            | Self::ConnectionState { .. } => true,
            Self::Peer { .. } | Self::Ended { .. } | Self::Error { .. } => false,
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Offer { offer } if offer.kind != SdpKind::Offer => {
                Err("an offer must hold an SDP of type offer")
            }
            Self::Answer { answer } if answer.kind != SdpKind::Answer => {
                Err("an answer must hold an SDP of type answer")
            }
            Self::Offer { offer: sdp } | Self::Answer { answer: sdp } => sdp.check(),
            Self::IceCandidate { candidate: Some(c) } if c.candidate.len() > CANDIDATE_MAX_BYTES => {
                Err("candidate over 4 KiB")
            }
            Self::IceCandidate { .. }
            | Self::ConnectionState { .. }
            | Self::Peer { .. }
            | Self::Ended { .. }
            | Self::Error { .. } => Ok(()),
        }
    }
}

impl Sdp {
    fn check(&self) -> Result<(), &'static str> {
        if self.sdp.len() > SDP_MAX_BYTES {
            Err("SDP over 64 KiB")
        } else if !self.sdp.starts_with("v=0") {
            Err("SDP must start with v=0")
        } else {
            Ok(())
        }
    }
}
