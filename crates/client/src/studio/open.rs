//! From a choice to an open device.
use super::{StudioEvent, sinks::HeardSink, switch::Switch};
use crate::{
    config::{CameraChoice, MicrophoneChoice, SpeakerChoice},
    snapshot::NoticeCode,
    viewer::Viewer,
};
use eyeline_media::{
    clock::MediaClock,
    device::{AudioSink, AudioSource, CaptureFormat, DeviceBackend, DeviceError, VideoSource},
    receive::AudioReceive,
    send::{AudioSend, VideoSend},
    synthetic::{NullSpeaker, TestCard, Tone, WavSink, WavSource, Y4mSource},
};
use std::{path::PathBuf, sync::Arc, thread, time::Duration};
use tokio::sync::mpsc;

/// Longest that a camera may take to be released, and some.
const RELEASE_LIMIT: Duration = Duration::from_secs(1);
/// How often it is tried; there is no word from the system when it is free.
const RELEASE_CHECK: Duration = Duration::from_millis(50);

type Events = mpsc::Sender<StudioEvent>;
type Devices = Arc<dyn DeviceBackend>;

/// The camera's switch.
pub(super) fn camera(
    sender: Arc<VideoSend>,
    want: CaptureFormat,
    devices: Devices,
    events: Events,
) -> Switch<CameraChoice> {
    Switch::new(move |choice| {
        // The old one closes first: some systems let nobody open the same camera twice.
        sender.set_source(None);
        let opened = choice.map_or(Ok(None), |choice| open_camera(&choice, want, &*devices));
        if let Some(source) = tell(opened, NoticeCode::Camera, &events) {
            sender.set_source(Some(source));
        }
    })
}

/// The microphone's switch.
pub(super) fn microphone(
    sender: Arc<AudioSend>,
    devices: Devices,
    events: Events,
) -> Switch<MicrophoneChoice> {
    Switch::new(move |choice| {
        let opened = choice.map_or(Ok(None), |choice| open_microphone(&choice, &*devices));
        sender.set_source(tell(opened, NoticeCode::Microphone, &events));
    })
}

/// The speaker's switch.
pub(super) fn speaker(
    receiver: Arc<AudioReceive>,
    viewer: Arc<dyn Viewer>,
    dump: Option<PathBuf>,
    devices: Devices,
    events: Events,
) -> Switch<SpeakerChoice> {
    Switch::new(move |choice| {
        let opened = choice.map_or(Ok(None), |choice| open_speaker(&choice, &*devices).map(Some));
        // Without a speaker time goes on all the same: the picture keeps step with what would be heard.
        let speaker =
            tell(opened, NoticeCode::Speaker, &events).unwrap_or_else(|| Box::new(NullSpeaker::default()));
        let kept = match &dump {
            Some(path) => {
                WavSink::beside(path, speaker).map(|sink| Some(Box::new(sink) as Box<dyn AudioSink>))
            }
            None => Ok(Some(speaker)),
        };
        let speaker =
            tell(kept, NoticeCode::Speaker, &events).unwrap_or_else(|| Box::new(NullSpeaker::default()));
        receiver.set_sink(Some(Box::new(HeardSink { speaker, viewer: Arc::clone(&viewer) })));
    })
}

fn open_camera(
    choice: &CameraChoice,
    want: CaptureFormat,
    devices: &dyn DeviceBackend,
) -> Result<Option<Box<dyn VideoSource>>, DeviceError> {
    Ok(match choice {
        CameraChoice::Device(id) => Some(open_released(|| devices.open_camera(id.as_deref(), want))?),
        CameraChoice::TestCard(format) => {
            Some(Box::new(TestCard::new(format.width, format.height, format.fps)))
        }
        CameraChoice::Y4m(path) => Some(Box::new(Y4mSource::open(path, false)?)),
        CameraChoice::None => None,
    })
}

/// A camera that this program used a moment ago is closed by its own thread, after the picture under way: until then
/// the system calls it busy.
fn open_released<T>(open: impl Fn() -> Result<T, DeviceError>) -> Result<T, DeviceError> {
    let asked = MediaClock::now();
    loop {
        match open() {
            Err(DeviceError::Busy(_)) if MediaClock::now() - asked < RELEASE_LIMIT => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the system does not tell when a camera is free"
                )]
                thread::sleep(RELEASE_CHECK);
            }
            settled => return settled,
        }
    }
}

fn open_microphone(
    choice: &MicrophoneChoice,
    devices: &dyn DeviceBackend,
) -> Result<Option<Box<dyn AudioSource>>, DeviceError> {
    Ok(match choice {
        MicrophoneChoice::Device(id) => Some(devices.open_microphone(id.as_deref())?),
        MicrophoneChoice::Tone => Some(Box::new(Tone::default())),
        MicrophoneChoice::Wav(path) => Some(Box::new(WavSource::open(path, false)?)),
        MicrophoneChoice::None => None,
    })
}

fn open_speaker(
    choice: &SpeakerChoice,
    devices: &dyn DeviceBackend,
) -> Result<Box<dyn AudioSink>, DeviceError> {
    Ok(match choice {
        SpeakerChoice::Device(id) => devices.open_speaker(id.as_deref())?,
        SpeakerChoice::Null => Box::new(NullSpeaker::default()),
    })
}

/// What could be opened; a failure is told to the person.
fn tell<T>(opened: Result<Option<T>, DeviceError>, code: NoticeCode, events: &Events) -> Option<T> {
    opened.unwrap_or_else(|error| {
        let _ = events.try_send(StudioEvent::Trouble(code, error));
        None
    })
}
