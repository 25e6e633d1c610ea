//! How webrtc-rs is set up: codecs, feedback, header extensions, timeouts.
use super::{PeerError, VideoCodec};
use rtc::ice::{mdns::MulticastDnsMode, network_type::NetworkType};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use std::{sync::Arc, time::Duration};
use webrtc::peer_connection::{
    MediaEngine, RTCBundlePolicy, RTCConfiguration, RTCConfigurationBuilder, RTCIceServer,
    RTCIceTransportPolicy, SettingEngine, SettingEngineBuilder, crypto::RTCCryptoProvider,
};

/// No answer for so long: the path is in doubt, a person may be told.
const ICE_DISCONNECTED: Duration = Duration::from_millis(2_500);
/// No answer for so much longer: ICE gives up all candidates, and with them a path that may come back. When to look for
/// others, and when to give up, the call logic knows; this is after all of that.
const ICE_FAILED: Duration = Duration::from_secs(90);
/// Connectivity checks go on until the next restart or the end of the call's patience, not for the 1.5 s of the default:
/// a path that comes back is found by the next check.
const ICE_CHECK_EVERY: Duration = Duration::from_millis(200);
/// As many as there are in that time.
const ICE_CHECKS_MAX: u16 = 450;
/// Time between two signs of life on an idle path.
const ICE_KEEPALIVE: Duration = Duration::from_millis(500);

/// How long a relayed path waits for a direct one: four checks on a path of half a second. Without it the first that
/// answers were taken for the whole call; webrtc-rs waits two seconds.
const RELAY_WAIT: Duration = Duration::from_secs(1);

/// How long a path that a server or the peer has shown waits for one between the machines' own addresses: on one network
/// that answers at once. webrtc-rs waits half a second, and a whole one where a check comes before the candidate it is
/// from.
pub(super) const SHOWN_WAIT: Duration = Duration::from_millis(50);
/// The same for a path that a check of the peer's has shown, which mostly is one between the machines' own addresses.
const HEARD_WAIT: Duration = Duration::from_millis(10);

/// How often a TURN server hears of us: a NAT on the way to it may forget us after half a minute, while the call still rings.
const TURN_REFRESH: Duration = Duration::from_secs(15);

/// Payload type of Opus; what browsers use.
const OPUS: u8 = 111;
/// First dynamic payload type of video; its retransmissions have the next one.
const FIRST_VIDEO: u8 = 96;

/// Transport-wide congestion control: the sequence number in every packet.
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Which servers help to find paths, and which paths may be used; all streams share one.
pub(super) fn whole(servers: Vec<RTCIceServer>, relay_only: bool) -> RTCConfiguration {
    let policy = match relay_only {
        true => RTCIceTransportPolicy::Relay,
        false => RTCIceTransportPolicy::All,
    };
    RTCConfigurationBuilder::new()
        .with_ice_servers(servers)
        .with_ice_transport_policy(policy)
        .with_bundle_policy(RTCBundlePolicy::MaxBundle)
        .build()
}

/// Timeouts. A relayed path waits for a direct one, where that may be used. Names of browsers are looked up elsewhere
/// (`candidates`): webrtc-rs would open a multicast socket at every ICE restart, and end for good where there is no route
/// for one, as on a machine that has just lost its network.
pub(super) fn settings(relay_only: bool, crypto: Arc<dyn RTCCryptoProvider>) -> SettingEngine {
    let relay_wait = if relay_only { Duration::ZERO } else { RELAY_WAIT };
    SettingEngineBuilder::new()
        .with_ice_timeouts(Some(ICE_DISCONNECTED), Some(ICE_FAILED), Some(ICE_KEEPALIVE))
        .with_srflx_acceptance_min_wait(Some(SHOWN_WAIT))
        .with_prflx_acceptance_min_wait(Some(HEARD_WAIT))
        .with_relay_acceptance_min_wait(Some(relay_wait))
        .with_turn_allocation_refresh_interval_cap(TURN_REFRESH)
        .with_ice_connection_attempts(Some(ICE_CHECK_EVERY), Some(ICE_CHECKS_MAX))
        // By default UDP alone.
        .with_network_types(vec![NetworkType::Udp4, NetworkType::Udp6, NetworkType::Tcp4, NetworkType::Tcp6])
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .with_discard_local_candidates_during_ice_restart(true)
        .with_crypto_provider(crypto)
        .build()
}

/// Only what we encode and decode, in order of preference.
pub(super) fn media(video: &[VideoCodec]) -> Result<MediaEngine, PeerError> {
    let mut engine = MediaEngine::default();
    let opus = RTCRtpCodecParameters { rtp_codec: opus(), payload_type: OPUS };
    engine.register_codec(opus, RtpCodecKind::Audio)?;
    let red = RTCRtpCodecParameters { rtp_codec: red(), payload_type: eyeline_transport::red::PAYLOAD_TYPE };
    engine.register_codec(red, RtpCodecKind::Audio)?;
    for (i, &codec) in video.iter().enumerate() {
        let payload_type = FIRST_VIDEO + 2 * i as u8;
        let primary = RTCRtpCodecParameters { rtp_codec: video_codec(codec), payload_type };
        let rtx = RTCRtpCodecParameters { rtp_codec: rtx(payload_type), payload_type: payload_type + 1 };
        engine.register_codec(primary, RtpCodecKind::Video)?;
        engine.register_codec(rtx, RtpCodecKind::Video)?;
    }
    for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
        let uri = TRANSPORT_CC.to_owned();
        engine.register_header_extension(RTCRtpHeaderExtensionCapability { uri }, kind, None)?;
    }
    Ok(engine)
}

/// Opus as we send it and want it: one packet is 20 ms, with in-band repair and silence left out (RFC 7587).
pub(super) fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/opus".into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1;usedtx=1".into(),
        rtcp_feedback: vec![feedback("transport-cc", "")],
    }
}

/// Opus with earlier packets in each (RFC 2198).
fn red() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "audio/red".into(),
        sdp_fmtp_line: format!("{OPUS}/{OPUS}"),
        rtcp_feedback: Vec::new(),
        ..opus()
    }
}

/// A video codec as it is negotiated.
pub(super) fn video_codec(codec: VideoCodec) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: format!("video/{}", codec.name()),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: match codec {
            VideoCodec::Vp8 => String::new(),
            // Constrained baseline, level 3.1: what every browser decodes.
            VideoCodec::H264 => {
                "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f".into()
            }
        },
        rtcp_feedback: vec![
            feedback("transport-cc", ""),
            feedback("ccm", "fir"),
            feedback("nack", ""),
            feedback("nack", "pli"),
        ],
    }
}

fn rtx(repairs: u8) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: "video/rtx".into(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: format!("apt={repairs}"),
        rtcp_feedback: Vec::new(),
    }
}

fn feedback(typ: &str, parameter: &str) -> RTCPFeedback {
    RTCPFeedback { typ: typ.into(), parameter: parameter.into() }
}
