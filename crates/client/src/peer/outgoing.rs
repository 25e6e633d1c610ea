//! Our two streams on their way into webrtc-rs: a bounded queue that codec threads write to without waiting.
use super::{OutgoingRtp, PeerError, SentStream, config, sdp::Formats};
use eyeline_transport::{Handles, MediaKind, VideoFormat};
use rtc::{
    rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication,
    rtp,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::sync::mpsc;
use webrtc::media_stream::{
    MediaStreamTrack,
    track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
};

/// Packets that may wait for the network task: a key frame of 500 kB. It runs every few milliseconds.
const QUEUE: usize = 512;
/// No payload type is known yet, or the peer does not want this stream.
const UNSET: u8 = u8::MAX;

/// Sends packets from any thread; cheap to clone. Never waits.
#[derive(Debug, Clone)]
pub struct MediaSender {
    queue: mpsc::Sender<(MediaKind, OutgoingRtp)>,
    chain: Handles,
    dropped: Arc<AtomicU64>,
    peer_is_ours: Arc<AtomicBool>,
}

impl MediaSender {
    /// Queues one packet; its payload type and SSRC are the connection's own business. `false`, and the packet is lost,
    /// where the network task does not keep up or has ended.
    pub fn send(&self, kind: MediaKind, packet: OutgoingRtp) -> bool {
        let taken = self.queue.try_send((kind, packet)).is_ok();
        if !taken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// States that what carries RTP time `timestamp` was captured at `captured`. Sender reports derive from it, and
    /// from them the peer's lip-sync; to be said at the start of a stream and every now and then.
    pub fn set_clock(&self, kind: MediaKind, timestamp: u32, captured: Instant) {
        self.chain.clocks.set(kind, timestamp, captured);
    }

    /// Says whether media wait for a higher target than they use: then padding fills it up, so that it can grow.
    pub fn wish_for_more(&self, wanted: bool) {
        self.chain.wish.set(wanted);
    }

    /// Whether the peer understands packets that carry earlier sound once more.
    #[must_use]
    pub fn can_repeat_sound(&self) -> bool {
        self.chain.redundancy.is_agreed()
    }

    /// Lets so many later packets carry each packet of sound once more.
    pub fn repeat_sound(&self, copies: u8) {
        self.chain.redundancy.set_copies(copies);
    }

    /// Whether the peer is one of our clients, whose pictures may come in two chains, and ours so to it.
    #[must_use]
    pub fn peer_is_ours(&self) -> bool {
        self.peer_is_ours.load(Ordering::Relaxed)
    }

    pub(super) fn set_peer_is_ours(&self, is_ours: bool) {
        self.peer_is_ours.store(is_ours, Ordering::Relaxed);
        self.chain.fec.allow(is_ours);
    }

    pub(super) fn set_red(&self, payload_type: Option<u8>) {
        self.chain.redundancy.set_payload_type(payload_type);
    }

    pub(super) fn set_received(&self, formats: Vec<VideoFormat>) {
        self.chain.formats.set(formats);
    }

    /// Packets that were not taken.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// One of our tracks, allocated once: muting and switching cameras never negotiates.
pub(super) struct LocalTrack {
    pub track: Arc<TrackLocalStaticRTP>,
    kind: RtpCodecKind,
    ssrc: u32,
    rtx: Option<u32>,
    payload_type: AtomicU8,
}

impl LocalTrack {
    fn new(kind: RtpCodecKind) -> Self {
        let rtx = (kind == RtpCodecKind::Video).then(rand::random);
        let mut this = Self {
            track: Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::default())),
            kind,
            ssrc: rand::random(),
            rtx,
            payload_type: AtomicU8::new(UNSET),
        };
        this.track = this.with_codec(RTCRtpCodec::default());
        this
    }

    /// The track as webrtc-rs wants it once the codec is known: it binds a stream only to the codec that it names.
    fn with_codec(&self, codec: RTCRtpCodec) -> Arc<TrackLocalStaticRTP> {
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(self.ssrc),
                rtx: self.rtx.map(|ssrc| RTCRtpRtxParameters { ssrc }),
                ..Default::default()
            },
            codec,
            active: true,
            ..Default::default()
        };
        let label = self.kind.to_string();
        let track = MediaStreamTrack::new("eyeline".into(), label.clone(), label, self.kind, vec![coding]);
        Arc::new(TrackLocalStaticRTP::new(track))
    }

    /// What it is sent as, once negotiated.
    pub fn sent(&self) -> Option<SentStream> {
        let payload_type = self.payload_type.load(Ordering::Relaxed);
        (payload_type != UNSET).then_some(SentStream { ssrc: self.ssrc, payload_type })
    }

    fn packet(&self, out: OutgoingRtp) -> Option<rtp::Packet> {
        let payload_type = self.payload_type.load(Ordering::Relaxed);
        (payload_type != UNSET).then(|| rtp::Packet {
            header: rtp::Header {
                version: 2,
                marker: out.marker,
                payload_type,
                sequence_number: out.sequence,
                timestamp: out.timestamp,
                ssrc: self.ssrc,
                ..Default::default()
            },
            payload: out.payload,
        })
    }
}

/// Both tracks, and what is known of the peer's streams.
pub(super) struct Tracks {
    pub audio: LocalTrack,
    pub video: LocalTrack,
    /// SSRC of the peer's video, 0 until it sends.
    pub remote_video: AtomicU32,
}

impl Tracks {
    pub fn new() -> Self {
        Self {
            audio: LocalTrack::new(RtpCodecKind::Audio),
            video: LocalTrack::new(RtpCodecKind::Video),
            remote_video: AtomicU32::new(0),
        }
    }

    /// The tracks with what was negotiated, for webrtc-rs to bind; from now on packets carry these payload types.
    pub fn negotiated(
        &self,
        Formats { opus, video, .. }: Formats,
    ) -> [(RtpCodecKind, Arc<TrackLocalStaticRTP>); 2] {
        self.audio.payload_type.store(opus.unwrap_or(UNSET), Ordering::Relaxed);
        let payload_type = video.map_or(UNSET, |v| v.payload_type);
        self.video.payload_type.store(payload_type, Ordering::Relaxed);
        let codec = video.map_or_else(RTCRtpCodec::default, |v| config::video_codec(v.codec));
        [
            (RtpCodecKind::Audio, self.audio.with_codec(config::opus())),
            (RtpCodecKind::Video, self.video.with_codec(codec)),
        ]
    }

    /// Asks the peer for a key frame. `false` where it sends no video yet.
    pub async fn request_key_frame(&self) -> Result<bool, PeerError> {
        let media_ssrc = self.remote_video.load(Ordering::Relaxed);
        if media_ssrc == 0 {
            return Ok(false);
        }
        let pli = PictureLossIndication { sender_ssrc: self.video.ssrc, media_ssrc };
        self.video.track.write_rtcp(vec![Box::new(pli)]).await?;
        Ok(true)
    }
}

/// The sending end, and the task that carries packets from it to webrtc-rs until all senders or the connection end.
pub(super) fn start(tracks: Arc<Tracks>, chain: Handles) -> MediaSender {
    let (queue, mut packets) = mpsc::channel::<(MediaKind, OutgoingRtp)>(QUEUE);
    tokio::spawn(async move {
        while let Some((kind, packet)) = packets.recv().await {
            let track = match kind {
                MediaKind::Audio => &tracks.audio,
                MediaKind::Video => &tracks.video,
            };
            if let Some(packet) = track.packet(packet)
                && let Err(error) = track.track.write_rtp(packet).await
            {
                tracing::debug!(%error, ?kind, "packet not sent");
            }
        }
    });
    MediaSender { queue, chain, dropped: Arc::default(), peer_is_ours: Arc::default() }
}
