//! The path in use.
use serde::{Deserialize, Serialize};

object! {
    /// `RTCIceCandidatePairStats`.
    CandidatePair {
        /// The `id` of our candidate.
        local_candidate_id: String,
        /// The `id` of the peer's.
        remote_candidate_id: String,
        /// How its checks stand.
        state: CandidatePairState,
        /// Whether it was chosen.
        nominated: bool,
        /// The newest check's round trip (RFC 8445 section 2.2), in seconds.
        current_round_trip_time: f64,
        /// All checks' round trips together, in seconds.
        total_round_trip_time: f64,
        /// Answers to checks, so many round trips.
        responses_received: u64,
        /// What the congestion control thinks the path carries of ours, in bit/s.
        available_outgoing_bitrate: f64,
        /// Bytes sent, all but the headers of UDP and IP.
        bytes_sent: u64,
        /// Bytes received, likewise.
        bytes_received: u64,
    }
}

object! {
    /// `RTCIceCandidateStats`, without addresses.
    Candidate {
        /// Names it to the pair.
        id: String,
        /// What kind of address it is.
        candidate_type: CandidateType,
        /// `udp` or `tcp`.
        protocol: String,
        /// How the TURN server is spoken to: `udp`, `tcp` or `tls`.
        relay_protocol: String,
    }
}

/// `RTCIceCandidateType` (RFC 8445 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CandidateType {
    /// An address of the machine itself.
    Host,
    /// As a STUN server sees it.
    Srflx,
    /// As the peer sees it.
    Prflx,
    /// A TURN server's.
    Relay,
}

/// `RTCStatsIceCandidatePairState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidatePairState {
    /// Not yet to be checked.
    Frozen,
    /// To be checked.
    Waiting,
    /// Being checked.
    InProgress,
    /// The check has failed.
    Failed,
    /// The check has succeeded.
    Succeeded,
}
