//! A call in one process: the pipelines, the link between them, and a screen that measures.
use eyeline_media::{
    clock::MediaClock,
    codec::VideoCodec,
    device::{AudioSink, CaptureFormat, DeviceError, VideoSource},
    frame::{AudioBlock, I420, MediaTime, VideoFrame},
    measure::{FreezeMeter, LatencyMeter, SkewMeter},
    process::RenderTap,
    receive::{
        AudioReceive, AvSync, EncodedFrame, EncodedSink, RenderInfo, StreamKind, VideoReceive,
        VideoReceiveEvent, VideoSink,
    },
    rtp::{RtpPacket, clock::SenderClock},
    send::{AudioSend, AudioSendConfig, VideoSend, VideoSendConfig, VideoTarget},
    synthetic::{BeepDetector, NullSpeaker, TestCard, flash_shows},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

/// Packets on the link at a time: more than any test sends in its delay.
const LINK_QUEUE: usize = 4096;

/// What the link does to packets.
#[derive(Clone, Copy)]
pub struct LinkModel {
    /// Share of packets that are lost.
    pub loss: f64,
    /// Packets are delayed by up to this, each by itself: they overtake each other.
    pub jitter: Duration,
}

impl LinkModel {
    pub const CLEAN: Self = Self { loss: 0.0, jitter: Duration::ZERO };
}

/// Two pipelines and what is between them.
pub struct Call {
    pub video: Arc<VideoSend>,
    pub audio: AudioSend,
    pub remote_video: Arc<VideoReceive>,
    pub remote_audio: Arc<AudioReceive>,
    screen: Arc<Mutex<Screen>>,
    codec: Arc<AtomicBool>,
    sync: AvSync,
}

impl Call {
    pub fn start(codec: VideoCodec, link: LinkModel) -> Self {
        let (sync, screen) = (AvSync::default(), Arc::<Mutex<Screen>>::default());
        let sender = Arc::<OnceLock<Arc<VideoSend>>>::default();
        let is_h264 = Arc::new(AtomicBool::new(codec == VideoCodec::H264));

        let pli = Arc::clone(&sender);
        let remote_video = VideoReceive::start(sync.clone(), move |VideoReceiveEvent::KeyFrameNeeded| {
            if let Some(sender) = pli.get() {
                sender.request_key_frame();
            }
        });
        let remote_video = Arc::new(remote_video.unwrap());
        let remote_audio = Arc::new(AudioReceive::start(sync.clone(), RenderTap::default(), |_| ()).unwrap());
        remote_video.set_decoded_sink(Some(Box::new(Eye(Arc::clone(&screen)))));
        let ear = Ear {
            screen: Arc::clone(&screen),
            beep: BeepDetector::default(),
            speaker: NullSpeaker::default(),
        };
        remote_audio.set_sink(Some(Box::new(ear)));

        let (receiver, h264) = (Arc::clone(&remote_video), Arc::clone(&is_h264));
        let video_link = start_link(link, move |packet| {
            let codec = if h264.load(Ordering::Relaxed) { VideoCodec::H264 } else { VideoCodec::Vp8 };
            receiver.push(codec, packet, MediaClock::now());
        });
        let receiver = Arc::clone(&remote_audio);
        let audio_link = start_link(link, move |packet| receiver.push(packet, MediaClock::now()));

        let video = VideoSend::start(
            VideoSendConfig { codec, target: Some(VideoTarget::default()) },
            move |packets, _| packets.into_iter().for_each(|packet| video_link.send(packet).unwrap_or(())),
            |event| panic!("{event:?}"),
        );
        let video = Arc::new(video.unwrap());
        video.begin();
        let _ = sender.set(Arc::clone(&video));
        let audio = AudioSend::start(
            AudioSendConfig::synthetic(),
            RenderTap::default(),
            move |packet| audio_link.send(packet).unwrap_or(()),
            |event| panic!("{event:?}"),
        );
        Self { video, audio: audio.unwrap(), remote_video, remote_audio, screen, codec: is_h264, sync }
    }

    /// Lets the call go on for a while, with a sender report each half second; says how far the machine kept up.
    pub fn run(&self, time: Duration) -> Lateness {
        let (start, mut lateness) = (MediaClock::now(), Lateness::default());
        for tick in 0..u32::try_from(time.as_millis()).unwrap() / 10 {
            if tick.is_multiple_of(50) {
                self.report(StreamKind::Video, &self.video.clock());
                self.report(StreamKind::Audio, &self.audio.clock());
            }
            lateness.add(MediaClock::wait_until(start.plus(Duration::from_millis(10) * (tick + 1))));
        }
        lateness
    }

    fn report(&self, kind: StreamKind, clock: &SenderClock) {
        let now = MediaClock::now();
        // An NTP timestamp has the seconds in its upper half (RFC 3550, section 4).
        let ntp = (i128::from(MediaClock::ntp_us(now)) << 32) / 1_000_000;
        self.sync.on_sender_report(kind, u64::try_from(ntp).unwrap(), clock.rtp(now));
    }

    /// Both sides go over to another codec: packets on the way are taken for the new one, and lost.
    pub fn set_codec(&self, codec: VideoCodec) {
        self.codec.store(codec == VideoCodec::H264, Ordering::Relaxed);
        self.video.set_codec(codec);
    }

    pub fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap()
    }
}

/// Lateness that any system shows.
const SCHEDULING: Duration = Duration::from_millis(5);

/// How late a thread that does nothing was woken: what no program can make up for.
#[derive(Debug, Default)]
pub struct Lateness {
    pub worst: Duration,
    pub total: Duration,
}

impl Lateness {
    fn add(&mut self, late: Duration) {
        self.worst = self.worst.max(late);
        if late > SCHEDULING {
            self.total += late;
        }
    }
}

/// Starts a thread that is the link: packets wait there for their arrival.
fn start_link(model: LinkModel, deliver: impl Fn(RtpPacket) + Send + 'static) -> SyncSender<RtpPacket> {
    let (sender, receiver) = sync_channel::<RtpPacket>(LINK_QUEUE);
    std::thread::spawn(move || {
        let mut flying = BTreeMap::<(MediaTime, u64), RtpPacket>::new();
        let (mut count, mut random) = (0_u64, 0x9e37_79b9_u64);
        loop {
            let now = MediaClock::now();
            while let Some(entry) = flying.first_entry()
                && entry.key().0 <= now
            {
                deliver(entry.remove());
            }
            let wait = flying.first_key_value().map_or(Duration::from_secs(60), |((at, _), _)| *at - now);
            match receiver.recv_timeout(wait) {
                Ok(packet) => {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let (luck, delay) =
                        ((random >> 40) as f64 / (1 << 24) as f64, (random >> 20) as u32 % 1000);
                    if luck >= model.loss {
                        count += 1;
                        flying.insert((now.plus(model.jitter * delay / 1000), count), packet);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    sender
}

/// What was seen and heard.
#[derive(Default)]
pub struct Screen {
    pub latency: LatencyMeter,
    pub skew: SkewMeter,
    pub freeze: FreezeMeter,
}

impl Screen {
    /// Switches from native decoding to encoded frames; each entry says whether the frame was a key frame.
    pub fn encoded(call: &Call) -> Arc<Mutex<Vec<bool>>> {
        struct Tap(Arc<Mutex<Vec<bool>>>);
        impl EncodedSink for Tap {
            fn frame(&mut self, frame: &EncodedFrame, _: &RenderInfo) {
                self.0.lock().unwrap().push(frame.key);
            }
        }
        let keys = Arc::<Mutex<Vec<bool>>>::default();
        call.remote_video.set_encoded_sink(Some(Box::new(Tap(Arc::clone(&keys)))));
        call.remote_video.set_decoded_sink(None);
        keys
    }
}

struct Eye(Arc<Mutex<Screen>>);

impl VideoSink for Eye {
    fn render(&mut self, image: &Arc<I420>, info: &RenderInfo) {
        let mut screen = self.0.lock().unwrap();
        screen.latency.observe(image, info.rendered_at);
        screen.freeze.rendered(info.rendered_at);
        if flash_shows(image) {
            screen.skew.flash(info.rendered_at);
        }
    }
}

struct Ear {
    screen: Arc<Mutex<Screen>>,
    beep: BeepDetector,
    speaker: NullSpeaker,
}

impl AudioSink for Ear {
    fn write(&mut self, block: &AudioBlock) -> Result<(), DeviceError> {
        if let Some(at) = self.beep.hear(block) {
            self.screen.lock().unwrap().skew.beep(at);
        }
        self.speaker.write(block)
    }

    fn latency(&self) -> Duration {
        self.speaker.latency()
    }
}

/// A camera whose light can be seen.
pub struct Watched {
    card: TestCard,
    light: Light,
}

/// Whether a [`Watched`] camera is open.
#[derive(Clone)]
pub struct Light(Arc<AtomicU32>);

impl Light {
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Watched {
    pub fn new(card: TestCard) -> Self {
        Self { card, light: Light(Arc::new(AtomicU32::new(1))) }
    }

    pub fn open(&self) -> Light {
        self.light.clone()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.light.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl VideoSource for Watched {
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError> {
        self.card.next_frame()
    }

    fn format(&self) -> CaptureFormat {
        self.card.format()
    }
}

/// Waits for a condition.
pub fn wait_for(limit: Duration, condition: impl Fn() -> bool) {
    let end = MediaClock::now().plus(limit);
    while !condition() {
        assert!(MediaClock::now() < end, "not within {limit:?}");
        MediaClock::wait_until(MediaClock::now().plus(Duration::from_millis(5)));
    }
}
