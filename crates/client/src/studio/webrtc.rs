//! The figures of a moment as the objects of W3C's webrtc-stats.
//!
//! ```text
//! transport: packets, losses, requests  --+
//! media: pictures, samples, codecs      --+--> inbound-rtp, outbound-rtp, remote-inbound-rtp, codec
//! peer connection: the pair in use      -----> candidate-pair, local-candidate, remote-candidate
//! ```
mod inbound;
mod outbound;
mod path;
#[cfg(test)]
mod tests;

use crate::peer::{PeerStats, SentStream};
use eyeline_media::{
    codec::VideoCodec,
    send::VideoTarget,
    stats::{AudioReceiveStats, VideoReceiveStats, VideoSendStats},
};
use eyeline_protocol::stats::{Codec, MediaKind, QualityLimitation, QualityLimitationDurations, WebRtcStats};

/// What the objects are made of.
pub(super) struct Figures<'a> {
    pub peer: &'a PeerStats,
    pub audio_in: AudioReceiveStats,
    pub video_in: VideoReceiveStats,
    pub video_out: VideoSendStats,
    /// Now.
    pub unix_ms: u64,
    /// What our pictures are encoded with, once one was.
    pub sent: Option<VideoCodec>,
    /// What the peer's are encoded with, once one came.
    pub received: Option<VideoCodec>,
    /// The peer's streams of sound and of pictures.
    pub streams: [Option<SentStream>; 2],
    /// What our pictures are to be; none, where they are left out.
    pub target: Option<VideoTarget>,
    /// What our sound's encoder is set to, in bit/s.
    pub sound_bps: Option<u32>,
    pub limitation: QualityLimitation,
    pub limited: QualityLimitationDurations,
    /// Pictures of the last second.
    pub decoded_fps: Option<f64>,
    pub encoded_fps: Option<f64>,
}

impl Figures<'_> {
    /// The objects. A stream of which there is no packet yet has none.
    #[expect(clippy::cast_precision_loss, reason = "the standard's times are floating point milliseconds")]
    pub(super) fn objects(&self) -> WebRtcStats {
        let transport = &self.peer.transport;
        let [heard, watched] = self.streams;
        let (audio_out, video_out) = (self.peer.audio_out, self.peer.video_out);
        let mut stats = WebRtcStats { timestamp: self.unix_ms as f64, ..WebRtcStats::default() };
        if transport.audio_in.packets > 0 {
            let codec = heard.map(|stream| opus("in", stream));
            stats.inbound_rtp.push(inbound::audio(
                heard,
                id(codec.as_ref()),
                &transport.audio_in,
                &self.audio_in,
            ));
            stats.codec.extend(codec);
        }
        if transport.video_in.packets > 0 {
            let codec = watched.zip(self.received).map(|(stream, codec)| pictures("in", stream, codec));
            stats.inbound_rtp.push(inbound::video(
                watched,
                id(codec.as_ref()),
                &transport.video_in,
                &self.video_in,
                self.received.map(VideoCodec::implementation),
                self.decoded_fps,
            ));
            stats.codec.extend(codec);
        }
        if transport.audio_out.packets > 0 {
            let codec = audio_out.map(|stream| opus("out", stream));
            let target = self.sound_bps.map(f64::from);
            stats.outbound_rtp.push(outbound::audio(
                audio_out,
                id(codec.as_ref()),
                &transport.audio_out,
                target,
            ));
            stats.remote_inbound_rtp.extend(outbound::remote(MediaKind::Audio, &transport.audio_out));
            stats.codec.extend(codec);
        }
        if transport.video_out.packets > 0 {
            let codec = video_out.zip(self.sent).map(|(stream, codec)| pictures("out", stream, codec));
            stats.outbound_rtp.push(outbound::video(self, id(codec.as_ref()), &self.video_out));
            stats.remote_inbound_rtp.extend(outbound::remote(MediaKind::Video, &transport.video_out));
            stats.codec.extend(codec);
        }
        if let Some((pair, local, remote)) = path::objects(self.peer) {
            stats.candidate_pair.push(pair);
            stats.local_candidate.push(local);
            stats.remote_candidate.push(remote);
        }
        stats
    }
}

fn id(codec: Option<&Codec>) -> Option<String> {
    codec?.id.clone()
}

fn opus(direction: &str, stream: SentStream) -> Codec {
    codec(direction, stream.payload_type, "audio/opus", 48_000, Some(2))
}

fn pictures(direction: &str, stream: SentStream, codec_of: VideoCodec) -> Codec {
    codec(direction, stream.payload_type, &format!("video/{}", codec_of.name()), 90_000, None)
}

fn codec(
    direction: &str,
    payload_type: u8,
    mime_type: &str,
    clock_rate: u32,
    channels: Option<u16>,
) -> Codec {
    Codec {
        id: Some(format!("codec-{direction}-{payload_type}")),
        mime_type: Some(mime_type.to_owned()),
        payload_type: Some(payload_type),
        clock_rate: Some(clock_rate),
        channels,
    }
}

/// Counted microseconds, in seconds.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a call")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1_000_000.0
}
