//! From counters to the figures of a second.
use super::{PeerLink, webrtc::Figures};
use crate::{
    clock::{instant, unix_ms},
    peer::{IceState, PeerStats, TransportStats},
    stats::CallStats,
};
use eyeline_media::{
    adapt::Limitation,
    codec::opus::OpusSettings,
    receive::{AudioReceive, VideoReceive},
    send::{AudioSend, VideoSend},
};
use eyeline_protocol::stats::{QualityLimitation, QualityLimitationDurations};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Everything that counts.
#[derive(Clone)]
pub(super) struct Counters {
    pub video_out: Arc<VideoSend>,
    pub audio_out: Arc<AudioSend>,
    pub video_in: Arc<VideoReceive>,
    pub audio_in: Arc<AudioReceive>,
    /// As the audio sender was started.
    pub opus: OpusSettings,
}

/// Remembers the last reading.
pub(super) struct Meter {
    counters: Counters,
    last: Option<Reading>,
    /// For how long the picture has been limited by what.
    limited: QualityLimitationDurations,
}

#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    rendered: u64,
    bytes_in: u64,
    path_bytes_in: u64,
    bytes_out: u64,
    expected_in: u64,
    lost_in: i64,
    decoded: u64,
    encoded: u64,
}

impl Meter {
    pub(super) fn new(counters: Counters) -> Self {
        Self { counters, last: None, limited: QualityLimitationDurations::default() }
    }

    pub(super) fn read(&mut self, peer: &PeerStats, ice: Option<IceState>, link: &PeerLink) -> CallStats {
        let (video, audio) = (self.counters.video_in.stats(), self.counters.audio_in.stats());
        let encoding = self.counters.video_out.stats();
        let transport = &peer.transport;
        let now = Reading {
            at: instant(),
            rendered: video.frames_rendered,
            path_bytes_in: peer.bytes_received,
            bytes_in: transport.video_in.bytes + transport.audio_in.bytes,
            bytes_out: transport.video_out.bytes + transport.audio_out.bytes,
            expected_in: transport.video_in.expected + transport.audio_in.expected,
            lost_in: transport.video_in.lost + transport.audio_in.lost,
            decoded: video.frames_decoded,
            encoded: encoding.frames_encoded,
        };
        let rates = self.last.replace(now).map(|last| Rates::between(&last, &now)).unwrap_or_default();
        let codecs = link.codecs();
        let received = codecs.received.filter(|_| video.frames_assembled > 0);
        let sent = codecs.sent.filter(|_| encoding.frames_encoded > 0);
        let (limitation, target) = link.limitation();
        let seconds = rates.seconds;
        self.limited.add(limitation_of(limitation), seconds.unwrap_or(0.0));
        let webrtc = Figures {
            peer,
            audio_in: audio,
            video_in: video,
            video_out: encoding,
            unix_ms: unix_ms(),
            sent,
            received,
            streams: link.received(),
            target,
            sound_bps: link.sound_bps(),
            limitation: limitation_of(limitation),
            limited: self.limited,
            decoded_fps: rates.decoded_fps,
            encoded_fps: rates.encoded_fps,
        };
        CallStats {
            webrtc: webrtc.objects(),
            fps: rates.fps,
            freeze_count: received.map(|_| video.freezes),
            freeze_s: received.map(|_| Duration::from_micros(video.frozen_us).as_secs_f64()),
            size: video.size,
            codec: received.map(|c| c.name().to_owned()),
            encoder: sent.map(|c| c.implementation().to_owned()),
            decoder: received.filter(|_| video.frames_decoded > 0).map(|c| c.implementation().to_owned()),
            kbps_in: rates.kbps_in,
            path_kbps_in: rates.path_kbps_in,
            kbps_out: rates.kbps_out,
            target_kbps: transport.target_bps.map(|bps| bps as f64 / 1000.0),
            rtt_ms: peer.rtt.map(ms),
            loss_pct: rates.loss_pct,
            jitter_ms: transport.audio_in.jitter.map(ms),
            jitter_buffer_ms: (audio.packets > 0).then(|| f64::from(audio.jitter_buffer_ms)),
            audio_delay_ms: link.audio_delay().map(ms),
            audio_concealed_pct: audio.concealed_pct(),
            pacer_queue_ms: pacer(transport),
            ice_state: ice.map(|state| state.name().to_owned()),
            candidates: peer
                .path
                .as_ref()
                .map(|p| (p.local.type_name().to_owned(), p.remote.type_name().to_owned())),
            protocol: peer.path.as_ref().and_then(|p| p.local.carried_by().map(str::to_owned)),
            relayed: peer.path.as_ref().map(|p| p.relayed),
            retransmitted: Some(transport.retransmits_sent),
            quality_limitation: sent.map(|_| limitation.name().to_owned()),
            video_paused: sent.map(|_| target.is_none()),
        }
    }
}

#[derive(Default)]
struct Rates {
    seconds: Option<f64>,
    decoded_fps: Option<f64>,
    encoded_fps: Option<f64>,
    fps: Option<f64>,
    kbps_in: Option<f64>,
    path_kbps_in: Option<f64>,
    kbps_out: Option<f64>,
    loss_pct: Option<f64>,
}

impl Rates {
    #[expect(clippy::cast_precision_loss, reason = "counts of one second")]
    fn between(last: &Reading, now: &Reading) -> Self {
        let seconds = now.at.saturating_duration_since(last.at).as_secs_f64();
        if seconds <= 0.0 {
            return Self::default();
        }
        let rate = |now: u64, last: u64| Some(now.saturating_sub(last) as f64 / seconds);
        let kbps = |now: u64, last: u64| rate(now, last).map(|bytes| bytes * 8.0 / 1000.0);
        let due = now.expected_in.saturating_sub(last.expected_in);
        // What came after all is not lost any more.
        let lost = u64::try_from(now.lost_in - last.lost_in).unwrap_or(0).min(due);
        Self {
            seconds: Some(seconds),
            decoded_fps: rate(now.decoded, last.decoded),
            encoded_fps: rate(now.encoded, last.encoded),
            fps: rate(now.rendered, last.rendered),
            kbps_in: kbps(now.bytes_in, last.bytes_in),
            path_kbps_in: kbps(now.path_bytes_in, last.path_bytes_in),
            kbps_out: kbps(now.bytes_out, last.bytes_out),
            loss_pct: (due > 0).then(|| lost as f64 * 100.0 / due as f64),
        }
    }
}

fn limitation_of(limitation: Limitation) -> QualityLimitation {
    match limitation {
        Limitation::None => QualityLimitation::None,
        Limitation::Cpu => QualityLimitation::Cpu,
        Limitation::Bandwidth => QualityLimitation::Bandwidth,
    }
}

fn pacer(transport: &TransportStats) -> Option<f64> {
    (transport.video_out.packets > 0).then(|| ms(transport.pacer_queue))
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
