//! How the connection fares, as far as the peer connection knows it.
use super::{VideoCodec, outgoing::Tracks, sockets::StreamServers, turn::Uri};
use eyeline_protocol::stats::{CandidatePairState, CandidateType};
use eyeline_transport::TransportStats;
use rtc::statistics::stats::{
    ice_candidate::RTCIceCandidateStats,
    ice_candidate_pair::{RTCIceCandidatePairStats, RTCStatsIceCandidatePairState},
};
use std::{net::IpAddr, time::Duration};
use webrtc::peer_connection::{RTCIceCandidateType, RTCStatsReport, RTCStatsReportEntry};

/// Answers to connectivity checks from which on the newest one is no longer one that was assumed: two seconds' worth.
const FEW_ANSWERS: u32 = 4;

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
    /// Our stream of sound.
    pub audio_out: Option<SentStream>,
    /// Our stream of pictures.
    pub video_out: Option<SentStream>,
}

/// A stream of ours, once it was negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentStream {
    /// Its synchronisation source.
    pub ssrc: u32,
    /// Its payload type.
    pub payload_type: u8,
}

/// The pair of candidates in use.
#[derive(Debug, Clone, PartialEq)]
pub struct PathStats {
    /// Our candidate.
    pub local: EndStats,
    /// The peer's candidate.
    pub remote: EndStats,
    /// Our end, where it is an address of this machine: a `host` candidate's.
    pub local_address: Option<IpAddr>,
    /// Whether either end goes through a TURN server.
    pub relayed: bool,
    /// How its checks stand, where rtc says so.
    pub state: Option<CandidatePairState>,
    /// Whether it was chosen; it is in use before that is settled.
    pub nominated: bool,
    /// The newest round trip of a check.
    pub rtt: Option<Duration>,
    /// All round trips of checks together.
    pub rtt_total: Duration,
    /// How many there were.
    pub rtt_count: u64,
}

/// One end of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndStats {
    /// What kind of address it is.
    pub candidate_type: CandidateType,
    /// `udp` or `tcp`, where known.
    pub protocol: Option<String>,
    /// How the TURN server of a relay address of ours is spoken to: `udp`, `tcp` or `tls`.
    pub relay_protocol: Option<&'static str>,
}

impl EndStats {
    /// What carries the path from this end, or to its relay: `udp`, `tcp` or `tls`.
    #[must_use]
    pub fn carried_by(&self) -> Option<&str> {
        self.relay_protocol.or(self.protocol.as_deref())
    }

    /// The standard's name of its type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.candidate_type {
            CandidateType::Host => "host",
            CandidateType::Srflx => "srflx",
            CandidateType::Prflx => "prflx",
            CandidateType::Relay => "relay",
        }
    }
}

impl PeerStats {
    pub(super) fn new(
        report: &RTCStatsReport,
        servers: &StreamServers,
        transport: TransportStats,
        send_queue_dropped: u64,
    ) -> Self {
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
                stats.path = path(report, servers, pair, stats.rtt);
            }
        }
        stats.rtt = stats.rtt.or(transport.rtt);
        stats
    }

    /// With what the peer has said of its end, where its own check has shown it to ICE first.
    pub(super) fn with_remote(mut self, told: Option<CandidateType>) -> Self {
        if let (Some(path), Some(told)) = (&mut self.path, told)
            && path.remote.candidate_type == CandidateType::Prflx
        {
            path.remote.candidate_type = told;
            path.remote.protocol.clone_from(&path.local.protocol);
            path.relayed |= told == CandidateType::Relay;
        }
        self
    }

    /// Without the checks that counted as answered before they were (`sockets/nominate.rs`): those took no time.
    pub(super) fn without_assumed(mut self, assumed: u64) -> Self {
        if let Some(path) = self.path.as_mut().filter(|_| assumed > 0) {
            path.rtt_count = path.rtt_count.saturating_sub(assumed);
            // The newest may be one of them.
            if let Ok(few @ 1..=FEW_ANSWERS) = u32::try_from(path.rtt_count) {
                path.rtt = Some(path.rtt_total / few);
                self.rtt = path.rtt;
            }
        }
        self
    }

    pub(super) fn with_tracks(mut self, tracks: &Tracks, video: Option<VideoCodec>) -> Self {
        self.audio_out = tracks.audio.sent();
        self.video_out = tracks.video.sent().filter(|_| video.is_some());
        self
    }
}

/// The pair names candidates without the prefix that the report lists them under.
fn path(
    report: &RTCStatsReport,
    servers: &StreamServers,
    pair: &RTCIceCandidatePairStats,
    rtt: Option<Duration>,
) -> Option<PathStats> {
    let local = match report.get(&format!("RTCLocalIceCandidate_{}", pair.local_candidate_id)) {
        Some(RTCStatsReportEntry::LocalCandidate(c)) => c,
        _ => return None,
    };
    let remote = match report.get(&format!("RTCRemoteIceCandidate_{}", pair.remote_candidate_id)) {
        Some(RTCStatsReportEntry::RemoteCandidate(c)) => end(c)?,
        // Never signaled: found by its own checks.
        _ => EndStats { candidate_type: CandidateType::Prflx, protocol: None, relay_protocol: None },
    };
    let address = local.address.as_ref().filter(|_| local.candidate_type == RTCIceCandidateType::Host);
    let local_address = address.and_then(|address| address.parse().ok());
    let relay_protocol = relay_protocol(local, servers);
    let local = EndStats { relay_protocol, ..end(local)? };
    let relayed = [&local, &remote].iter().any(|end| end.candidate_type == CandidateType::Relay);
    Some(PathStats {
        local,
        remote,
        local_address,
        relayed,
        state: state(pair.state),
        nominated: pair.nominated,
        rtt,
        rtt_total: Duration::try_from_secs_f64(pair.total_round_trip_time).unwrap_or_default(),
        rtt_count: pair.responses_received,
    })
}

fn relay_protocol(candidate: &RTCIceCandidateStats, servers: &StreamServers) -> Option<&'static str> {
    let uri =
        Uri::parse(&candidate.url).filter(|_| candidate.candidate_type == RTCIceCandidateType::Relay)?;
    Some(servers.transport_to(uri.address()?).name())
}

fn end(candidate: &RTCIceCandidateStats) -> Option<EndStats> {
    let candidate_type = match candidate.candidate_type {
        RTCIceCandidateType::Host => CandidateType::Host,
        RTCIceCandidateType::Srflx => CandidateType::Srflx,
        RTCIceCandidateType::Prflx => CandidateType::Prflx,
        RTCIceCandidateType::Relay => CandidateType::Relay,
        // Unspecified; and the enum is rtc's and open.
        _ => return None,
    };
    let protocol = candidate.protocol.to_ascii_lowercase();
    Some(EndStats {
        candidate_type,
        protocol: Some(protocol).filter(|name| !name.is_empty()),
        relay_protocol: None,
    })
}

fn state(state: RTCStatsIceCandidatePairState) -> Option<CandidatePairState> {
    match state {
        RTCStatsIceCandidatePairState::Frozen => Some(CandidatePairState::Frozen),
        RTCStatsIceCandidatePairState::Waiting => Some(CandidatePairState::Waiting),
        RTCStatsIceCandidatePairState::InProgress => Some(CandidatePairState::InProgress),
        RTCStatsIceCandidatePairState::Failed => Some(CandidatePairState::Failed),
        RTCStatsIceCandidatePairState::Succeeded => Some(CandidatePairState::Succeeded),
        // Unspecified; and the enum is rtc's and open.
        _ => None,
    }
}
