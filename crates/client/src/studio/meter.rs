//! From counters to the figures of a second.
use super::PeerLink;
use crate::{
    clock::instant,
    peer::{IceState, PeerStats, TransportStats},
    stats::CallStats,
};
use eyeline_media::{
    codec::opus::OpusSettings,
    receive::{AudioReceive, VideoReceive},
    send::{AudioSend, VideoSend},
};
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
}

#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    rendered: u64,
    bytes_in: u64,
    bytes_out: u64,
    packets_in: u64,
    lost_in: u64,
}

impl Meter {
    pub(super) fn new(counters: Counters) -> Self {
        Self { counters, last: None }
    }

    pub(super) fn read(&mut self, peer: &PeerStats, ice: Option<IceState>, link: &PeerLink) -> CallStats {
        let (video, audio) = (self.counters.video_in.stats(), self.counters.audio_in.stats());
        let encoding = self.counters.video_out.stats();
        let transport = &peer.transport;
        let now = Reading {
            at: instant(),
            rendered: video.frames_rendered,
            bytes_in: peer.bytes_received,
            bytes_out: peer.bytes_sent,
            packets_in: transport.video_in.packets + transport.audio_in.packets,
            lost_in: transport.video_in.lost + transport.audio_in.lost,
        };
        let rates = self.last.replace(now).map(|last| Rates::between(&last, &now)).unwrap_or_default();
        let codecs = link.codecs();
        let received = codecs.received.filter(|_| video.frames_assembled > 0);
        let sent = codecs.sent.filter(|_| encoding.frames_encoded > 0);
        let (limitation, paused) = link.limitation();
        CallStats {
            fps: rates.fps,
            size: video.size,
            codec: received.map(|c| c.name().to_owned()),
            encoder: sent.map(|c| c.implementation().to_owned()),
            decoder: received.filter(|_| video.frames_decoded > 0).map(|c| c.implementation().to_owned()),
            kbps_in: rates.kbps_in,
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
            candidates: peer.path.as_ref().map(|p| (p.local.to_owned(), p.remote.to_owned())),
            relayed: peer.path.as_ref().map(|p| p.relayed),
            retransmitted: Some(transport.retransmits_sent),
            quality_limitation: sent.map(|_| limitation.name().to_owned()),
            video_paused: sent.map(|_| paused),
        }
    }
}

#[derive(Default)]
struct Rates {
    fps: Option<f64>,
    kbps_in: Option<f64>,
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
        let (came, lost) =
            (now.packets_in.saturating_sub(last.packets_in), now.lost_in.saturating_sub(last.lost_in));
        Self {
            fps: rate(now.rendered, last.rendered),
            kbps_in: kbps(now.bytes_in, last.bytes_in),
            kbps_out: kbps(now.bytes_out, last.bytes_out),
            loss_pct: (came + lost > 0).then(|| lost as f64 * 100.0 / (came + lost) as f64),
        }
    }
}

fn pacer(transport: &TransportStats) -> Option<f64> {
    (transport.video_out.packets > 0).then(|| ms(transport.pacer_queue))
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
