use super::*;
use crate::peer::{EndStats, PathStats, TransportStats};
use eyeline_protocol::stats::{CandidatePairState, CandidateType};
use eyeline_transport::StreamStats;
use serde_json::{Value, json};
use std::time::Duration;

const STREAM: SentStream = SentStream { ssrc: 7, payload_type: 96 };

fn figures(peer: &PeerStats) -> Figures<'_> {
    Figures {
        peer,
        audio_in: AudioReceiveStats::default(),
        video_in: VideoReceiveStats::default(),
        video_out: VideoSendStats::default(),
        unix_ms: 1_000,
        sent: None,
        received: None,
        streams: [None; 2],
        target: None,
        sound_bps: None,
        limitation: QualityLimitation::None,
        limited: QualityLimitationDurations::default(),
        decoded_fps: None,
        encoded_fps: None,
    }
}

fn json_of(figures: &Figures<'_>) -> Value {
    serde_json::to_value(figures.objects()).unwrap()
}

#[test]
fn before_anything_flows_nothing_is_known() {
    assert_eq!(json_of(&figures(&PeerStats::default())), json!({"timestamp": 1_000.0}));
}

#[test]
fn received_sound_is_told_in_seconds_and_samples() {
    let audio_in = StreamStats {
        packets: 50,
        bytes: 4_000,
        header_bytes: 1_000,
        lost: 2,
        expected: 52,
        jitter: Some(Duration::from_millis(5)),
        ..StreamStats::default()
    };
    let transport = TransportStats { audio_in, ..TransportStats::default() };
    let peer = PeerStats { transport, ..PeerStats::default() };
    let played = AudioReceiveStats {
        samples_played: 48_000,
        samples_concealed: 960,
        concealments: 1,
        // 100 blocks, 40 ms each.
        samples_emitted: 48_000,
        jitter_buffer_us: 100 * 40_000,
        ..AudioReceiveStats::default()
    };
    let of = Figures { audio_in: played, streams: [Some(STREAM), None], ..figures(&peer) };
    let inbound = &json_of(&of)["inbound-rtp"][0];
    assert_eq!(inbound["kind"], "audio");
    assert_eq!((&inbound["packetsReceived"], &inbound["packetsLost"]), (&json!(50), &json!(2)));
    assert_eq!(inbound["jitter"], 0.005);
    assert_eq!((&inbound["concealedSamples"], &inbound["concealmentEvents"]), (&json!(960), &json!(1)));
    let delay = |key: &str| inbound[key].as_f64().unwrap();
    let mean = delay("jitterBufferDelay") / delay("jitterBufferEmittedCount");
    assert!((mean - 0.04).abs() < 1e-9, "{mean}");
    assert_eq!(inbound["codecId"], "codec-in-96");
    assert!(inbound.get("framesDecoded").is_none(), "sound has no pictures");
}

#[test]
fn pictures_that_the_viewer_decodes_are_not_told_as_decoded_here() {
    let video_in = StreamStats { packets: 9, ..StreamStats::default() };
    let transport = TransportStats { video_in, ..TransportStats::default() };
    let peer = PeerStats { transport, ..PeerStats::default() };
    let mut shown = VideoReceiveStats {
        frames_assembled: 30,
        frames_rendered: 29,
        playout_wait_us: 290_000,
        ..VideoReceiveStats::default()
    };
    let received = Some(VideoCodec::Vp8);
    let elsewhere = json_of(&Figures { video_in: shown, received, ..figures(&peer) });
    let inbound = &elsewhere["inbound-rtp"][0];
    assert_eq!((&inbound["framesReceived"], &inbound["framesRendered"]), (&json!(30), &json!(29)));
    assert!(inbound.get("framesDecoded").is_none() && inbound.get("decoderImplementation").is_none());
    shown.frames_decoded = 30;
    let here = json_of(&Figures { video_in: shown, received, ..figures(&peer) });
    let inbound = &here["inbound-rtp"][0];
    assert_eq!(inbound["framesDecoded"], 30);
    assert_eq!(inbound["decoderImplementation"], VideoCodec::Vp8.implementation());
}

#[test]
fn what_is_sent_and_what_its_receiver_says_are_two_objects() {
    let mut video_out = StreamStats { packets: 100, nacks: 3, plis: 1, ..StreamStats::default() };
    let mut transport = TransportStats { video_out, ..TransportStats::default() };
    let silent = PeerStats { transport, ..PeerStats::default() };
    assert!(json_of(&figures(&silent)).get("remote-inbound-rtp").is_none(), "no report yet");
    video_out.loss = Some(0.25);
    video_out.rtt = Some(Duration::from_millis(100));
    (video_out.rtt_total, video_out.rtt_count) = (Duration::from_millis(300), 3);
    transport.video_out = video_out;
    let peer = PeerStats { transport, video_out: Some(STREAM), ..PeerStats::default() };
    let limited = QualityLimitationDurations { bandwidth: 2.0, ..QualityLimitationDurations::default() };
    let of = Figures { limitation: QualityLimitation::Bandwidth, limited, ..figures(&peer) };
    let json = json_of(&of);
    let outbound = &json["outbound-rtp"][0];
    assert_eq!((&outbound["packetsSent"], &outbound["nackCount"]), (&json!(100), &json!(3)));
    assert_eq!(outbound["qualityLimitationReason"], "bandwidth");
    assert_eq!(outbound["qualityLimitationDurations"]["bandwidth"], 2.0);
    assert_eq!(outbound["active"], false, "the path has no room for pictures");
    let remote = &json["remote-inbound-rtp"][0];
    assert_eq!((&remote["roundTripTime"], &remote["fractionLost"]), (&json!(0.1), &json!(0.25)));
    assert_eq!(remote["roundTripTimeMeasurements"], 3);
}

#[test]
fn the_path_is_told_by_its_types_and_without_addresses() {
    let end = |candidate_type| EndStats {
        candidate_type,
        protocol: Some("udp".to_owned()),
        relay_protocol: (candidate_type == CandidateType::Relay).then_some("tls"),
    };
    let path = PathStats {
        local_address: None,
        local: end(CandidateType::Relay),
        remote: end(CandidateType::Host),
        relayed: true,
        state: Some(CandidatePairState::Succeeded),
        nominated: true,
        rtt: Some(Duration::from_millis(20)),
        rtt_total: Duration::from_millis(60),
        rtt_count: 3,
    };
    let json = json_of(&figures(&PeerStats { path: Some(path), ..PeerStats::default() }));
    let pair = &json["candidate-pair"][0];
    assert_eq!((&pair["state"], &pair["currentRoundTripTime"]), (&json!("succeeded"), &json!(0.02)));
    let host = json!([{"id": "remote", "candidateType": "host", "protocol": "udp"}]);
    assert_eq!(json["remote-candidate"], host);
    let relay = &json["local-candidate"][0];
    assert_eq!((&relay["candidateType"], &relay["relayProtocol"]), (&json!("relay"), &json!("tls")));
}
