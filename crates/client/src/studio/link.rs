//! What the peer connection and the running media know of each other: packets both ways, and who asks whom for what.
use super::{StudioEvent, meter::Counters};
use crate::{
    clock::instant,
    peer::{
        MediaCallbacks, MediaEvent, MediaKind, MediaSender, PeerStats, ReceivedRtp, SentStream,
        TransportStats,
    },
    snapshot::SideView,
};
use eyeline_media::{
    adapt::{Adaptation, Limitation},
    clock::MediaClock,
    codec::VideoCodec,
    frame::MediaTime,
    receive::{AvSync, StreamKind},
    rtp::{RtpPacket, clock::SenderClock},
    send::{FrameInfo, VideoTarget},
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Without a packet for so long, a side that does not say what it sends counts as sending nothing. Opus with DTX still
/// sends every 400 ms.
const SILENT_AFTER: Duration = Duration::from_secs(2);

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct PeerLink(Arc<Shared>);

#[derive(Default)]
struct Shared {
    sender: Mutex<Option<MediaSender>>,
    /// Absent before the media run and after. They hold what ends the media when dropped, and the media hold this link:
    /// a strong reference each way would keep cameras open for ever.
    ends: Mutex<Option<Arc<Ends>>>,
    /// Whether the camera is to be on.
    camera: AtomicBool,
    /// When the last packet of each kind came, by the capture clock; 0 for never.
    audio_seen: AtomicI64,
    video_seen: AtomicI64,
    codecs: Mutex<Codecs>,
    heard: ReceivedStream,
    watched: ReceivedStream,
}

/// What the peer's streams are sent as, 0 while unknown.
#[derive(Default)]
struct ReceivedStream {
    ssrc: AtomicU32,
    /// Of the newest packet.
    payload_type: AtomicU8,
}

impl ReceivedStream {
    /// The stream is `ssrc` from now on; whether it was another one before.
    fn is_another(&self, ssrc: u32) -> bool {
        let before = self.ssrc.swap(ssrc, Ordering::Relaxed);
        before != 0 && before != ssrc
    }

    fn get(&self) -> Option<SentStream> {
        let ssrc = self.ssrc.load(Ordering::Relaxed);
        (ssrc != 0).then(|| SentStream { ssrc, payload_type: self.payload_type.load(Ordering::Relaxed) })
    }
}

/// What the pictures are encoded with, each way, once known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Codecs {
    pub sent: Option<VideoCodec>,
    pub received: Option<VideoCodec>,
}

/// The media's ends, once they run.
struct Ends {
    counters: Counters,
    sync: AvSync,
    adaptation: Mutex<Adaptation>,
    /// Packets of sound and of pictures that were sent until a second ago.
    sent: Mutex<[u64; 2]>,
    events: mpsc::Sender<StudioEvent>,
}

impl PeerLink {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes the media's ends, until [`PeerLink::detach`].
    pub(super) fn attach(
        &self,
        counters: &Counters,
        sync: AvSync,
        adaptation: Adaptation,
        events: mpsc::Sender<StudioEvent>,
    ) {
        let ends = Ends {
            counters: counters.clone(),
            sync,
            adaptation: Mutex::new(adaptation),
            sent: Mutex::default(),
            events,
        };
        *lock(&self.0.ends) = Some(Arc::new(ends));
    }

    /// Lets go of the media's ends, and of the way to the peer.
    pub(super) fn detach(&self) {
        self.disconnect();
        let ends = lock(&self.0.ends).take();
        drop(ends);
    }

    /// Dead once the media have ended.
    #[cfg(test)]
    pub(super) fn video_sender(&self) -> std::sync::Weak<eyeline_media::send::VideoSend> {
        self.ends().map(|ends| Arc::downgrade(&ends.counters.video_out)).unwrap_or_default()
    }

    fn ends(&self) -> Option<Arc<Ends>> {
        lock(&self.0.ends).clone()
    }

    /// For the video sender: each picture's packets.
    pub(super) fn video_outlet(&self) -> impl FnMut(Vec<RtpPacket>, FrameInfo) + Send + 'static {
        let link = self.clone();
        move |packets, info| {
            let Some(sender) = lock(&link.0.sender).clone() else {
                return;
            };
            let ends = link.ends();
            if let Some(ends) = &ends {
                link.change(ends, |adaptation, now| adaptation.on_encoded(&info, now));
                stamp(&sender, MediaKind::Video, &ends.counters.video_out.clock());
            }
            let mut is_whole = true;
            for packet in packets {
                is_whole &= sender.send(MediaKind::Video, packet);
            }
            if !is_whole && let Some(ends) = ends {
                // The network's task has stood still: the other side would ask for the rest in vain.
                ends.counters.video_out.request_key_frame();
            }
        }
    }

    /// For the audio sender: each packet.
    pub(super) fn audio_outlet(&self) -> impl FnMut(RtpPacket) + Send + 'static {
        let link = self.clone();
        move |packet| {
            let Some(sender) = lock(&link.0.sender).clone() else {
                return;
            };
            if let Some(ends) = link.ends() {
                stamp(&sender, MediaKind::Audio, &ends.counters.audio_out.clock());
            }
            sender.send(MediaKind::Audio, packet);
        }
    }

    /// For the peer connection: what arrives. Called on its network task.
    pub(crate) fn callbacks(&self) -> MediaCallbacks {
        let link = self.clone();
        Arc::new(move |event| {
            if let Some(ends) = link.ends() {
                link.on_media(event, &ends);
            }
        })
    }

    fn on_media(&self, event: MediaEvent, ends: &Ends) {
        match event {
            MediaEvent::RemoteStream { kind: MediaKind::Video, mime_type, ssrc } => {
                lock(&self.0.codecs).received = codec_of(&mime_type);
                if self.0.watched.is_another(ssrc) {
                    ends.counters.video_in.begin_anew();
                    ends.sync.begin_anew(StreamKind::Video);
                }
            }
            MediaEvent::RemoteStream { kind: MediaKind::Audio, ssrc, .. } => {
                if self.0.heard.is_another(ssrc) {
                    ends.counters.audio_in.begin_anew();
                    ends.sync.begin_anew(StreamKind::Audio);
                }
            }
            MediaEvent::Rtp(packet) => self.on_packet(packet, ends),
            MediaEvent::SenderReport { kind, ntp, rtp } => {
                let kind = match kind {
                    MediaKind::Audio => StreamKind::Audio,
                    MediaKind::Video => StreamKind::Video,
                };
                ends.sync.on_sender_report(kind, ntp, rtp);
            }
            MediaEvent::KeyFrameRequested => ends.counters.video_out.request_key_frame(),
            MediaEvent::Hold(hold) => ends.counters.video_out.set_hold(hold),
            MediaEvent::Silence(silent) => {
                self.change(ends, |adaptation, now| adaptation.set_silence(silent, now));
            }
            MediaEvent::TargetBitrate { bps, is_known } => {
                self.change(ends, |adaptation, now| adaptation.set_total(bps, is_known, now));
            }
        }
    }

    fn on_packet(&self, packet: ReceivedRtp, ends: &Ends) {
        let now = MediaClock::now();
        let kind = packet.kind;
        let stream = match kind {
            MediaKind::Audio => &self.0.heard,
            MediaKind::Video => &self.0.watched,
        };
        stream.payload_type.store(packet.payload_type, Ordering::Relaxed);
        let incoming = RtpPacket {
            marker: packet.marker,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            payload: packet.payload,
        };
        let seen = match kind {
            MediaKind::Audio => {
                ends.counters.audio_in.push(incoming, now);
                &self.0.audio_seen
            }
            MediaKind::Video => {
                let Some(codec) = lock(&self.0.codecs).received else {
                    return;
                };
                ends.counters.video_in.push(codec, incoming, now);
                &self.0.video_seen
            }
        };
        if seen.swap(now.0.max(1), Ordering::Relaxed) == 0 {
            let _ = ends.events.try_send(StudioEvent::Seen);
        }
    }

    /// From now on packets leave through `sender`, and the other side gets a picture that it can begin with.
    pub(crate) fn connect(&self, sender: MediaSender) {
        let is_ours = sender.peer_is_ours();
        *lock(&self.0.sender) = Some(sender);
        if let Some(ends) = self.ends() {
            ends.counters.video_in.trust_chains(is_ours);
            ends.counters.video_out.begin();
        }
    }

    /// From now on no packets leave.
    pub(crate) fn disconnect(&self) {
        *lock(&self.0.sender) = None;
        if let Some(ends) = self.ends() {
            ends.counters.video_out.pause();
        }
    }

    /// The codec that was agreed on.
    pub(crate) fn set_codec(&self, codec: VideoCodec) {
        lock(&self.0.codecs).sent = Some(codec);
        if let Some(ends) = self.ends() {
            ends.counters.video_out.set_codec(codec);
        }
    }

    /// Changes what is sent, by something that was learned now.
    fn change(&self, ends: &Ends, learn: impl FnOnce(&mut Adaptation, MediaTime)) {
        let mut adaptation = lock(&ends.adaptation);
        learn(&mut adaptation, MediaClock::now());
        let picture = adaptation.picture();
        if let Some(sender) = &*lock(&self.0.sender) {
            adaptation.allow_copies(sender.can_repeat_sound());
            adaptation.allow_two_chains(sender.peer_is_ours());
            sender.repeat_sound(adaptation.sound_copies());
            sender.wish_for_more(adaptation.wants_more() && self.0.camera.load(Ordering::Relaxed));
        }
        ends.counters.video_out.set_target(picture);
        ends.counters.audio_out.set_opus(adaptation.sound(ends.counters.opus));
    }

    /// The other side draws our pictures at this size.
    pub(super) fn set_view(&self, view: (u32, u32)) {
        if let Some(ends) = self.ends() {
            self.change(&ends, |adaptation, _| adaptation.set_view(view));
        }
    }

    pub(super) fn set_camera(&self, on: bool) {
        self.0.camera.store(on, Ordering::Relaxed);
    }

    pub(super) fn set_muted(&self, muted: bool) {
        if let Some(ends) = self.ends() {
            ends.counters.audio_out.set_muted(muted);
        }
    }

    /// Whether the other side says that it sends pictures.
    pub(super) fn set_remote_camera(&self, on: bool) {
        if let Some(ends) = self.ends() {
            ends.counters.video_in.set_camera_on(on);
        }
    }

    pub(super) fn codecs(&self) -> Codecs {
        *lock(&self.0.codecs)
    }

    /// From capture by the other side to being heard here, where the two clocks agree.
    pub(super) fn audio_delay(&self) -> Option<Duration> {
        self.ends().and_then(|ends| ends.sync.audio_delay(MediaClock::now()))
    }

    /// Lets the media know how the path fares.
    pub(super) fn adapt(&self, peer: &PeerStats) {
        let Some(ends) = self.ends() else { return };
        if let Some(rtt) = peer.rtt {
            ends.counters.video_in.set_round_trip(rtt);
        }
        let TransportStats { audio_out, video_out, .. } = &peer.transport;
        // The stream with more packets tells more; one that is idle tells nothing.
        let sent = [audio_out.packets, video_out.packets];
        let before = std::mem::replace(&mut *lock(&ends.sent), sent);
        let video = sent[1].saturating_sub(before[1]) > sent[0].saturating_sub(before[0]);
        let loss = if video { video_out.loss } else { audio_out.loss };
        self.change(&ends, |adaptation, now| {
            adaptation.set_round_trip(peer.rtt);
            // Before the first report nothing is known.
            if let Some(loss) = loss {
                adaptation.set_loss(loss, now);
            }
        });
    }

    /// What keeps our picture from being as good as the camera's, and what it is to be: nothing, where it is left out.
    pub(super) fn limitation(&self) -> (Limitation, Option<VideoTarget>) {
        let Some(ends) = self.ends() else { return (Limitation::None, None) };
        let adaptation = lock(&ends.adaptation);
        (adaptation.limitation(), adaptation.picture())
    }

    /// What our sound's encoder is set to, in bit/s.
    pub(super) fn sound_bps(&self) -> Option<u32> {
        let ends = self.ends()?;
        let opus = lock(&ends.adaptation).sound(ends.counters.opus);
        Some(opus.bitrate_bps)
    }

    /// The peer's streams of sound and of pictures.
    pub(super) fn received(&self) -> [Option<SentStream>; 2] {
        [self.0.heard.get(), self.0.watched.get()]
    }

    /// What the other side sends, as far as its packets tell.
    pub(super) fn seen(&self) -> SideView {
        let now = MediaClock::now();
        let last = |seen: &AtomicI64| Some(seen.load(Ordering::Relaxed)).filter(|at| *at != 0).map(MediaTime);
        let recent = |at: MediaTime| now - at < SILENT_AFTER;
        let (audio, video) = (last(&self.0.audio_seen).map(recent), last(&self.0.video_seen).map(recent));
        SideView {
            microphone: audio == Some(true),
            camera: video == Some(true),
            paused: video == Some(false),
        }
    }
}

/// Ties RTP time to capture time for the sender reports, from which the other side derives lip-sync.
fn stamp(sender: &MediaSender, kind: MediaKind, clock: &SenderClock) {
    sender.set_clock(kind, clock.rtp(MediaClock::now()), instant());
}

fn codec_of(mime_type: &str) -> Option<VideoCodec> {
    let (_, name) = mime_type.split_once('/')?;
    VideoCodec::AVAILABLE.iter().copied().find(|codec| codec.name().eq_ignore_ascii_case(name))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
