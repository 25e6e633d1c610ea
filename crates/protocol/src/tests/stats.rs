//! The standard's names, and what is left out.
use crate::{
    report::Report,
    signal::{ConnectionState, Signal},
    stats::*,
};
use serde_json::json;

fn report(stats: WebRtcStats) -> Report {
    Report { state: ConnectionState::Connected, stats: Some(Box::new(stats)) }
}

#[test]
fn figures_have_the_standards_names_and_unknown_ones_are_left_out() {
    let stats = WebRtcStats {
        timestamp: 1_000.0,
        inbound_rtp: vec![InboundRtp {
            kind: Some(MediaKind::Audio),
            packets_lost: Some(-1),
            inserted_samples_for_deceleration: Some(480),
            ..InboundRtp::default()
        }],
        outbound_rtp: vec![OutboundRtp {
            quality_limitation_reason: Some(QualityLimitation::Bandwidth),
            ..OutboundRtp::default()
        }],
        remote_inbound_rtp: vec![RemoteInboundRtp {
            round_trip_time: Some(0.05),
            ..RemoteInboundRtp::default()
        }],
        local_candidate: vec![Candidate {
            candidate_type: Some(CandidateType::Srflx),
            ..Candidate::default()
        }],
        ..WebRtcStats::default()
    };
    let text = report(stats).encode();
    let json = json!({
        "type": "connection_state",
        "state": "connected",
        "stats": {
            "timestamp": 1_000.0,
            "inbound-rtp": [{"kind": "audio", "packetsLost": -1, "insertedSamplesForDeceleration": 480}],
            "outbound-rtp": [{"qualityLimitationReason": "bandwidth"}],
            "remote-inbound-rtp": [{"roundTripTime": 0.05}],
            "local-candidate": [{"candidateType": "srflx"}],
        }
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok(), Some(json));
    assert_eq!(Report::decode(&text).map(|report| report.encode()), Some(text));
}

#[test]
fn a_report_is_a_bare_connection_state_to_whoever_knows_no_figures() {
    let text = report(WebRtcStats::default()).encode();
    let bare = Signal::ConnectionState { state: ConnectionState::Connected };
    assert_eq!(Signal::decode(&text), Ok(bare.clone()));
    let decoded = Report::decode(&bare.encode());
    assert_eq!(decoded, Some(Report { state: ConnectionState::Connected, stats: None }));
    assert_eq!(Report::decode(r#"{"type":"peer","state":"connected"}"#), None);
}

#[test]
fn figures_of_another_shape_or_without_bounds_are_left_out_and_the_state_counts() {
    let many = vec![json!({}); 17];
    for stats in [
        json!(7),
        json!({"inbound-rtp": "many"}),
        json!({ "codec": many }),
        json!({"codec": [{"mimeType": "x".repeat(129)}]}),
    ] {
        let text = json!({"type": "connection_state", "state": "failed", "stats": stats}).to_string();
        assert_eq!(Report::decode(&text), Some(Report { state: ConnectionState::Failed, stats: None }));
    }
}
