//! How the connection fares, as far as the peer connection knows it.
use eyeline_transport::TransportStats;
use std::{net::IpAddr, time::Duration};
use webrtc::peer_connection::{RTCIceCandidateType, RTCStatsReport, RTCStatsReportEntry};

/// Figures of one moment; counters count from the start of the connection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeerStats {
    /// Round trip: by the path's connectivity checks, else by RTCP.
    pub rtt: Option<Duration>,
    /// The path in use.
    pub path: Option<PathStats>,
    /// Bytes sent on the path, everything included.
    pub bytes_sent: u64,
    /// Bytes received on the path, everything included.
    pub bytes_received: u64,
    /// Fingerprint of the peer's DTLS certificate, such as `sha-256 AB:CD:..`.
    pub fingerprint: Option<String>,
    /// Packets that the encoders made faster than the network task took them.
    pub send_queue_dropped: u64,
    /// Streams, losses, repairs, congestion control.
    pub transport: TransportStats,
}

/// The pair of candidates in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStats {
    /// Type of our candidate: `host`, `srflx`, `prflx` or `relay`.
    pub local: &'static str,
    /// Type of the peer's candidate.
    pub remote: &'static str,
    /// Our end, where it is an address of this machine: a `host` candidate's.
    pub local_address: Option<IpAddr>,
    /// Whether either end goes through a TURN server.
    pub relayed: bool,
}

impl PeerStats {
    pub(super) fn new(report: &RTCStatsReport, transport: TransportStats, send_queue_dropped: u64) -> Self {
        let mut stats = Self { transport, send_queue_dropped, ..Self::default() };
        if let Some(t) = report.transport() {
            stats.bytes_sent = t.bytes_sent;
            stats.bytes_received = t.bytes_received;
            if let Some(RTCStatsReportEntry::Certificate(c)) = report.get(&t.remote_certificate_id) {
                stats.fingerprint = Some(format!("{} {}", c.fingerprint_algorithm, c.fingerprint));
            }
            if let Some(RTCStatsReportEntry::IceCandidatePair(pair)) =
                report.get(&t.selected_candidate_pair_id)
            {
                let rtt = Duration::try_from_secs_f64(pair.current_round_trip_time).ok();
                stats.rtt = rtt.filter(|rtt| !rtt.is_zero());
                stats.path = path(report, &pair.local_candidate_id, &pair.remote_candidate_id);
            }
        }
        stats.rtt = stats.rtt.or(transport.rtt);
        stats
    }
}

/// The pair names candidates without the prefix that the report lists them under.
fn path(report: &RTCStatsReport, local: &str, remote: &str) -> Option<PathStats> {
    let (local, address) = match report.get(&format!("RTCLocalIceCandidate_{local}")) {
        Some(RTCStatsReportEntry::LocalCandidate(c)) => (type_name(c.candidate_type)?, c.address.as_ref()),
        _ => return None,
    };
    let remote = match report.get(&format!("RTCRemoteIceCandidate_{remote}")) {
        Some(RTCStatsReportEntry::RemoteCandidate(c)) => type_name(c.candidate_type)?,
        // Never signaled: found by its own checks.
        _ => "prflx",
    };
    let local_address = address.filter(|_| local == "host").and_then(|address| address.parse().ok());
    Some(PathStats { local, remote, local_address, relayed: [local, remote].contains(&"relay") })
}

fn type_name(candidate_type: RTCIceCandidateType) -> Option<&'static str> {
    match candidate_type {
        RTCIceCandidateType::Host => Some("host"),
        RTCIceCandidateType::Srflx => Some("srflx"),
        RTCIceCandidateType::Prflx => Some("prflx"),
        RTCIceCandidateType::Relay => Some("relay"),
        // Unspecified; and the enum is rtc's and open.
        _ => None,
    }
}
