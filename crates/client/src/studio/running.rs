//! The media of one call while it runs.
use super::{
    Choices, PeerLink, StudioEvent,
    meter::{Counters, Meter},
    open,
    sinks::{self, DecodedView, EncodedView},
    switch::Switch,
};
use crate::{
    config::{CameraChoice, MediaOptions, MicrophoneChoice, SpeakerChoice},
    peer::{IceState, PeerStats, START_BPS},
    snapshot::{NoticeCode, SideView},
    stats::CallStats,
    task::Task,
    viewer::{RemoteForm, Viewer},
};
use eyeline_call::MediaState;
use eyeline_media::{
    adapt::Adaptation,
    clock::MediaClock,
    codec::CodecError,
    device::DeviceBackend,
    error::PipelineError,
    process::RenderTap,
    receive::{AvSync, VideoReceive, VideoReceiveEvent},
    send::{AudioSend, AudioSendConfig, AudioSendEvent, VideoSend, VideoSendConfig, VideoSendEvent},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::{Interval, MissedTickBehavior, interval, timeout},
};

/// How often the figures are read.
const TICK: Duration = Duration::from_secs(1);
/// How long a window keeps its size before the other side is told: not all the way while it is dragged, for each size of
/// pictures begins with a key frame.
const SETTLED: Duration = Duration::from_millis(300);

/// Senders, receivers, and the switches of the devices behind them.
pub(super) struct Running {
    link: PeerLink,
    camera: Switch<CameraChoice>,
    microphone: Switch<MicrophoneChoice>,
    speaker: Switch<SpeakerChoice>,
    /// The microphone failed: it stays closed until it is turned on or chosen again.
    microphone_lost: bool,
    hears_by: HearsBy,
    media: MediaState,
    meter: Meter,
    tick: Interval,
    /// How large the other side's pictures are drawn, as it was last told.
    view: watch::Receiver<Option<(u32, u32)>>,
    _views: [Task; 2],
}

/// Which speaker is to be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HearsBy {
    /// The chosen one.
    Choice,
    /// That one failed: the system's, so that the other side is heard.
    Default,
    /// That one failed too: none, until one is chosen again.
    Nothing,
}

impl Running {
    pub(super) fn start(
        choices: &Choices,
        options: &MediaOptions,
        devices: &Arc<dyn DeviceBackend>,
        viewer: &Arc<dyn Viewer>,
        events: mpsc::Sender<StudioEvent>,
    ) -> Result<Self, PipelineError> {
        let sync = AvSync::default();
        let played = RenderTap::default();
        let max_bps = options.max_kbps.map(|kbps| u64::from(kbps) * 1000);
        let adaptation = Adaptation::new(START_BPS as u64, max_bps, MediaClock::now());
        let link = PeerLink::new();

        let codec = options.video_codecs.first().copied().ok_or(CodecError::Missing("video"))?;
        let video_config = VideoSendConfig { codec, target: adaptation.picture() };
        let report = events.clone();
        let video_out = VideoSend::start(video_config, link.video_outlet(), move |event| match event {
            VideoSendEvent::SourceLost(error) => {
                let _ = report.try_send(StudioEvent::Trouble(NoticeCode::Camera, error));
            }
            VideoSendEvent::EncoderFailed(error) => tracing::warn!(%error, "a picture was not encoded"),
        })?;
        sinks::show_own(&video_out, viewer)?;

        let audio_config = match choices.microphone {
            MicrophoneChoice::Device(_) => AudioSendConfig::real(),
            MicrophoneChoice::Tone | MicrophoneChoice::Wav(_) | MicrophoneChoice::None => {
                AudioSendConfig::synthetic()
            }
        };
        let report = events.clone();
        let audio_out =
            AudioSend::start(audio_config, played.clone(), link.audio_outlet(), move |event| match event {
                AudioSendEvent::SourceLost(error) => {
                    let _ = report.try_send(StudioEvent::Trouble(NoticeCode::Microphone, error));
                }
            })?;

        let report = events.clone();
        let video_in = VideoReceive::start(sync.clone(), move |event| match event {
            VideoReceiveEvent::KeyFrameNeeded => {
                let _ = report.try_send(StudioEvent::KeyFrameNeeded);
            }
        })?;
        let audio_in = sinks::hear(sync.clone(), played, events.clone())?;

        let (video_out, audio_out) = (Arc::new(video_out), Arc::new(audio_out));
        let (video_in, audio_in) = (Arc::new(video_in), Arc::new(audio_in));
        let counters = Counters {
            opus: audio_config.opus,
            video_out: Arc::clone(&video_out),
            audio_out: Arc::clone(&audio_out),
            video_in: Arc::clone(&video_in),
            audio_in: Arc::clone(&audio_in),
        };
        link.attach(&counters, sync, adaptation, events.clone());
        let (settled, view) = watch::channel(*viewer.remote_view().borrow());
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            camera: open::camera(video_out, options.capture, Arc::clone(devices), events.clone()),
            microphone: open::microphone(audio_out, Arc::clone(devices), events.clone()),
            speaker: open::speaker(
                audio_in,
                Arc::clone(viewer),
                choices.dump_audio.clone(),
                Arc::clone(devices),
                events.clone(),
            ),
            microphone_lost: false,
            hears_by: HearsBy::Choice,
            media: MediaState { microphone: false, camera: false },
            meter: Meter::new(counters),
            tick,
            view,
            _views: [
                Task::spawn(follow(video_in, Arc::clone(viewer))),
                Task::spawn(watch_view(viewer.remote_view(), settled, events)),
            ],
            link,
        })
    }

    /// Turns camera and microphone on or off.
    pub(super) fn set(&mut self, media: MediaState, choices: &Choices) {
        self.microphone_lost &= !media.microphone || self.media.microphone;
        self.media = media;
        self.link.set_muted(!media.microphone);
        self.link.set_camera(media.camera);
        self.apply(choices);
    }

    /// Opens what is chosen and not yet open.
    pub(super) fn apply(&mut self, choices: &Choices) {
        self.camera.set(self.media.camera.then(|| choices.camera.clone()));
        // A muted microphone stays open: the canceller goes on hearing, and opening it again would take too long.
        if !self.microphone_lost {
            self.microphone.set(Some(choices.microphone.clone()));
        }
        match self.hears_by {
            HearsBy::Choice => self.speaker.set(Some(choices.speaker.clone())),
            HearsBy::Default => self.speaker.set(Some(SpeakerChoice::Device(None))),
            HearsBy::Nothing => {}
        }
    }

    /// The microphone was chosen anew, whatever became of it before.
    pub(super) fn try_microphone(&mut self, choices: &Choices) {
        self.microphone_lost = false;
        self.apply(choices);
    }

    /// Likewise the speaker.
    pub(super) fn try_speaker(&mut self, choices: &Choices) {
        self.hears_by = HearsBy::Choice;
        self.apply(choices);
    }

    /// A device failed, and has closed.
    pub(super) fn lose(&mut self, device: NoticeCode, choices: &Choices) {
        match device {
            NoticeCode::Microphone => {
                self.microphone_lost = true;
                self.microphone.forget();
            }
            NoticeCode::Speaker => {
                let has_other = matches!(choices.speaker, SpeakerChoice::Device(Some(_)));
                self.hears_by = match self.hears_by {
                    HearsBy::Choice if has_other => HearsBy::Default,
                    HearsBy::Choice | HearsBy::Default | HearsBy::Nothing => HearsBy::Nothing,
                };
                self.speaker.forget();
                self.apply(choices);
            }
            // The camera goes off, and is opened when it is turned on; the others are no devices.
            _ => {}
        }
    }

    pub(super) fn link(&self) -> PeerLink {
        self.link.clone()
    }

    pub(super) fn view(&self) -> Option<(u32, u32)> {
        *self.view.borrow()
    }

    pub(super) fn seen(&self) -> SideView {
        self.link.seen()
    }

    pub(super) fn stats(&mut self, peer: &PeerStats, ice: Option<IceState>) -> CallStats {
        self.link.adapt(peer);
        self.meter.read(peer, ice, &self.link)
    }

    pub(super) async fn tick(&mut self) {
        self.tick.tick().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.link.detach();
    }
}

/// Hands the other side's pictures to the viewer, in the form that it wants at present.
async fn follow(video: Arc<VideoReceive>, viewer: Arc<dyn Viewer>) {
    let mut form = viewer.remote_form();
    loop {
        let wanted = *form.borrow_and_update();
        video.set_decoded_sink(match wanted {
            RemoteForm::Decoded => Some(Box::new(DecodedView(Arc::clone(&viewer)))),
            RemoteForm::Nothing | RemoteForm::Encoded => None,
        });
        video.set_encoded_sink(match wanted {
            RemoteForm::Encoded => Some(Box::new(EncodedView(Arc::clone(&viewer)))),
            RemoteForm::Nothing | RemoteForm::Decoded => None,
        });
        if form.changed().await.is_err() {
            return;
        }
    }
}

/// Tells of the size at which the other side's pictures are drawn, each time it has settled at another one.
async fn watch_view(
    mut drawn: watch::Receiver<Option<(u32, u32)>>,
    settled: watch::Sender<Option<(u32, u32)>>,
    events: mpsc::Sender<StudioEvent>,
) {
    while drawn.changed().await.is_ok() {
        while let Ok(Ok(())) = timeout(SETTLED, drawn.changed()).await {}
        let view = *drawn.borrow_and_update();
        if settled.send_if_modified(|told| std::mem::replace(told, view) != view) {
            let _ = events.send(StudioEvent::View).await;
        }
    }
}
