//! The path in use.
use crate::peer::{EndStats, PeerStats};
use eyeline_protocol::stats::{Candidate, CandidatePair};

const LOCAL: &str = "local";
const REMOTE: &str = "remote";

/// The pair and its two candidates, without addresses.
#[expect(clippy::cast_precision_loss, reason = "bit/s of a call")]
pub(super) fn objects(peer: &PeerStats) -> Option<(CandidatePair, Candidate, Candidate)> {
    let path = peer.path.as_ref()?;
    let checked = path.rtt_count > 0;
    let pair = CandidatePair {
        local_candidate_id: Some(LOCAL.to_owned()),
        remote_candidate_id: Some(REMOTE.to_owned()),
        state: path.state,
        nominated: Some(path.nominated),
        current_round_trip_time: path.rtt.map(|rtt| rtt.as_secs_f64()),
        total_round_trip_time: checked.then_some(path.rtt_total.as_secs_f64()),
        responses_received: checked.then_some(path.rtt_count),
        available_outgoing_bitrate: peer.transport.target_bps.map(|bps| bps as f64),
        bytes_sent: Some(peer.bytes_sent),
        bytes_received: Some(peer.bytes_received),
    };
    Some((pair, candidate(LOCAL, &path.local), candidate(REMOTE, &path.remote)))
}

fn candidate(id: &str, end: &EndStats) -> Candidate {
    Candidate {
        id: Some(id.to_owned()),
        candidate_type: Some(end.candidate_type),
        protocol: end.protocol.clone(),
        relay_protocol: end.relay_protocol.map(str::to_owned),
    }
}
