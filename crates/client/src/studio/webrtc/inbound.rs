//! What arrives.
use super::seconds;
use crate::peer::SentStream;
use eyeline_media::stats::{AudioReceiveStats, VideoReceiveStats};
use eyeline_protocol::stats::{InboundRtp, MediaKind};
use eyeline_transport::StreamStats;
use std::time::Duration;

/// Samples in a block of 10 ms, over which the delays of sound are summed up.
const BLOCK_SAMPLES: f64 = 480.0;

fn stream(
    kind: MediaKind,
    stream: Option<SentStream>,
    codec_id: Option<String>,
    counted: &StreamStats,
) -> InboundRtp {
    InboundRtp {
        kind: Some(kind),
        ssrc: stream.map(|stream| stream.ssrc),
        codec_id,
        packets_received: Some(counted.packets),
        packets_lost: Some(counted.lost),
        jitter: counted.jitter.as_ref().map(Duration::as_secs_f64),
        bytes_received: Some(counted.bytes),
        header_bytes_received: Some(counted.header_bytes),
        nack_count: Some(counted.nacks),
        fec_packets_received: Some(counted.fec_packets),
        fec_packets_discarded: Some(counted.fec_discarded),
        ..InboundRtp::default()
    }
}

pub(super) fn audio(
    of: Option<SentStream>,
    codec_id: Option<String>,
    counted: &StreamStats,
    played: &AudioReceiveStats,
) -> InboundRtp {
    // Before the first sample leaves the buffer there is no delay to tell of.
    let emitted = Some(played.samples_emitted).filter(|samples| *samples > 0);
    InboundRtp {
        packets_discarded: Some(played.packets_discarded),
        total_samples_received: Some(played.samples_played),
        concealed_samples: Some(played.concealed()),
        concealment_events: Some(played.concealments),
        inserted_samples_for_deceleration: Some(played.samples_expanded),
        removed_samples_for_acceleration: Some(played.samples_accelerated),
        jitter_buffer_delay: emitted.map(|_| seconds(played.jitter_buffer_us) * BLOCK_SAMPLES),
        jitter_buffer_target_delay: emitted.map(|_| seconds(played.jitter_target_us) * BLOCK_SAMPLES),
        jitter_buffer_emitted_count: emitted,
        audio_level: Some(f64::from(played.level)),
        ..stream(MediaKind::Audio, of, codec_id, counted)
    }
}

pub(super) fn video(
    of: Option<SentStream>,
    codec_id: Option<String>,
    counted: &StreamStats,
    shown: &VideoReceiveStats,
    decoder: Option<&str>,
    fps: Option<f64>,
) -> InboundRtp {
    // Where the viewer decodes, nobody here knows what comes of it.
    let decodes = shown.frames_decoded > 0;
    let here = |count: u64| decodes.then_some(count);
    InboundRtp {
        retransmitted_packets_received: Some(counted.retransmitted_packets),
        retransmitted_bytes_received: Some(counted.retransmitted_bytes),
        packets_discarded: Some(shown.packets_discarded),
        pli_count: Some(counted.plis),
        fir_count: Some(counted.firs),
        frames_received: Some(shown.frames_assembled),
        frames_decoded: here(shown.frames_decoded),
        key_frames_decoded: here(shown.key_frames_decoded),
        frames_dropped: here(shown.frames_dropped),
        frames_rendered: Some(shown.frames_rendered),
        frame_width: shown.size.map(|(width, _)| width),
        frame_height: shown.size.map(|(_, height)| height),
        frames_per_second: fps.filter(|_| decodes),
        total_decode_time: decodes.then(|| seconds(shown.decode_us)),
        freeze_count: Some(shown.freezes),
        total_freezes_duration: Some(seconds(shown.frozen_us)),
        pause_count: Some(shown.pauses),
        total_pauses_duration: Some(seconds(shown.paused_us)),
        jitter_buffer_delay: (shown.frames_rendered > 0).then(|| seconds(shown.playout_wait_us)),
        jitter_buffer_emitted_count: (shown.frames_rendered > 0).then_some(shown.frames_rendered),
        decoder_implementation: decoder.filter(|_| decodes).map(str::to_owned),
        ..stream(MediaKind::Video, of, codec_id, counted)
    }
}
