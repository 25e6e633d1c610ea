//! What is sent, and what its receiver says of it.
use super::{Figures, seconds};
use crate::peer::SentStream;
use eyeline_media::{codec::VideoCodec, stats::VideoSendStats};
use eyeline_protocol::stats::{MediaKind, OutboundRtp, RemoteInboundRtp};
use eyeline_transport::StreamStats;
use std::time::Duration;

fn stream(
    kind: MediaKind,
    stream: Option<SentStream>,
    codec_id: Option<String>,
    counted: &StreamStats,
) -> OutboundRtp {
    OutboundRtp {
        kind: Some(kind),
        ssrc: stream.map(|stream| stream.ssrc),
        codec_id,
        packets_sent: Some(counted.packets),
        bytes_sent: Some(counted.bytes),
        header_bytes_sent: Some(counted.header_bytes),
        retransmitted_packets_sent: Some(counted.retransmitted_packets),
        retransmitted_bytes_sent: Some(counted.retransmitted_bytes),
        nack_count: Some(counted.nacks),
        active: Some(stream.is_some()),
        ..OutboundRtp::default()
    }
}

pub(super) fn audio(
    of: Option<SentStream>,
    codec_id: Option<String>,
    counted: &StreamStats,
    target_bitrate: Option<f64>,
) -> OutboundRtp {
    OutboundRtp { target_bitrate, ..stream(MediaKind::Audio, of, codec_id, counted) }
}

pub(super) fn video(figures: &Figures<'_>, codec_id: Option<String>, made: &VideoSendStats) -> OutboundRtp {
    let counted = &figures.peer.transport.video_out;
    OutboundRtp {
        target_bitrate: figures.target.map(|target| f64::from(target.bitrate_bps)),
        frames_encoded: Some(made.frames_encoded),
        key_frames_encoded: Some(made.key_frames),
        frame_width: made.size.map(|(width, _)| width),
        frame_height: made.size.map(|(_, height)| height),
        frames_per_second: figures.encoded_fps,
        total_encode_time: Some(seconds(made.encode_us)),
        pli_count: Some(counted.plis),
        fir_count: Some(counted.firs),
        quality_limitation_reason: Some(figures.limitation),
        quality_limitation_durations: Some(figures.limited),
        encoder_implementation: figures.sent.map(VideoCodec::implementation).map(str::to_owned),
        active: Some(figures.peer.video_out.is_some() && figures.target.is_some()),
        ..stream(MediaKind::Video, figures.peer.video_out, codec_id, counted)
    }
}

/// Absent before the peer's first report.
pub(super) fn remote(kind: MediaKind, counted: &StreamStats) -> Option<RemoteInboundRtp> {
    let fraction_lost = counted.loss?;
    Some(RemoteInboundRtp {
        kind: Some(kind),
        round_trip_time: counted.rtt.as_ref().map(Duration::as_secs_f64),
        total_round_trip_time: counted.rtt.map(|_| counted.rtt_total.as_secs_f64()),
        round_trip_time_measurements: Some(counted.rtt_count),
        fraction_lost: Some(fraction_lost),
        packets_lost: Some(counted.lost),
        jitter: counted.jitter.as_ref().map(Duration::as_secs_f64),
    })
}
