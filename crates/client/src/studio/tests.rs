use super::*;
use crate::viewer::NoViewer;
use eyeline_media::{
    device::{AudioDeviceInfo, AudioSink, AudioSource, CameraInfo, CaptureFormat, VideoSource},
    frame::{AudioBlock, VideoFrame},
    synthetic::{NullSpeaker, TestCard, Tone},
};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// Nothing here takes longer than a device that is asked for a picture, but the machine may be busy.
const LIMIT: Duration = Duration::from_secs(20);
const ALL_ON: MediaState = MediaState { microphone: true, camera: true };

/// One camera and one microphone, each of which can be opened once at a time, as most are; and speakers.
#[derive(Default)]
struct Desk {
    camera: Arc<()>,
    microphone: Arc<()>,
    /// Those that are open, by name.
    speakers: Mutex<Vec<Option<String>>>,
    /// Sound devices that are in use are pulled out.
    unplugged: Arc<AtomicBool>,
}

impl Desk {
    fn cameras_open(&self) -> usize {
        Arc::strong_count(&self.camera) - 1
    }

    fn microphones_open(&self) -> usize {
        Arc::strong_count(&self.microphone) - 1
    }
}

struct Held<T>(T, #[expect(dead_code, reason = "counts")] Arc<()>);

impl VideoSource for Held<TestCard> {
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError> {
        self.0.next_frame()
    }

    fn format(&self) -> CaptureFormat {
        self.0.format()
    }
}

/// A sound device with a plug.
struct Plugged<T>(T, Arc<AtomicBool>);

impl<T> Plugged<T> {
    fn check(&self) -> Result<(), DeviceError> {
        if self.1.load(Relaxed) { Err(DeviceError::Lost("headset".into())) } else { Ok(()) }
    }
}

impl AudioSource for Plugged<Held<Tone>> {
    fn read(&mut self) -> Result<AudioBlock, DeviceError> {
        self.check()?;
        self.0.0.read()
    }
}

impl AudioSink for Plugged<NullSpeaker> {
    fn write(&mut self, block: &AudioBlock) -> Result<(), DeviceError> {
        self.check()?;
        self.0.write(block)
    }

    fn latency(&self) -> Duration {
        self.0.latency()
    }
}

impl DeviceBackend for Desk {
    fn cameras(&self) -> Result<Vec<CameraInfo>, DeviceError> {
        Ok(Vec::new())
    }

    fn microphones(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        Ok(Vec::new())
    }

    fn speakers(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        Ok(Vec::new())
    }

    fn open_camera(&self, _: Option<&str>, want: CaptureFormat) -> Result<Box<dyn VideoSource>, DeviceError> {
        if self.cameras_open() > 0 {
            return Err(DeviceError::Busy("camera".into()));
        }
        let card = TestCard::new(want.width, want.height, want.fps);
        Ok(Box::new(Held(card, Arc::clone(&self.camera))))
    }

    fn open_microphone(&self, _: Option<&str>) -> Result<Box<dyn AudioSource>, DeviceError> {
        if self.unplugged.load(Relaxed) {
            return Err(DeviceError::NotFound { kind: "microphone", id: None });
        }
        let tone = Held(Tone::default(), Arc::clone(&self.microphone));
        Ok(Box::new(Plugged(tone, Arc::clone(&self.unplugged))))
    }

    fn open_speaker(&self, id: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError> {
        self.speakers.lock().unwrap().push(id.map(str::to_owned));
        // The system's own has no plug.
        let plug = id.map(|_| Arc::clone(&self.unplugged)).unwrap_or_default();
        Ok(Box::new(Plugged(NullSpeaker::default(), plug)))
    }
}

fn studio(desk: &Arc<Desk>) -> Studio {
    let config = ClientConfig::new(PathBuf::new());
    let devices = Arc::clone(desk) as Arc<dyn DeviceBackend>;
    Studio::new(&config, &Remembered::default(), devices, Arc::new(NoViewer))
}

/// Waits until `so`, which the media's own threads bring about.
async fn until(what: &str, so: impl Fn() -> bool) {
    let waited = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, waited).await.unwrap_or_else(|_| panic!("not {what}"));
}

#[tokio::test]
async fn devices_are_closed_and_the_media_end_with_each_call() {
    let desk = Arc::new(Desk::default());
    let mut studio = studio(&desk);
    for _ in 0..3 {
        studio.start(ALL_ON);
        until("open", || desk.cameras_open() == 1 && desk.microphones_open() == 1).await;
        let link = studio.link();
        let media = link.video_sender();
        assert!(media.upgrade().is_some());
        studio.stop();
        until("closed", || desk.cameras_open() == 0 && desk.microphones_open() == 0).await;
        until("ended", || media.upgrade().is_none()).await;
    }
    assert!(studio.inbox.try_recv().is_err(), "no trouble");
}

#[tokio::test]
async fn camera_that_is_turned_off_and_on_again_at_once_comes_back() {
    let desk = Arc::new(Desk::default());
    let mut studio = studio(&desk);
    studio.start(ALL_ON);
    for _ in 0..5 {
        until("open", || desk.cameras_open() == 1).await;
        studio.set(MediaState { camera: false, ..ALL_ON });
        tokio::task::yield_now().await;
        studio.set(ALL_ON);
    }
    until("open", || desk.cameras_open() == 1).await;
    assert!(studio.inbox.try_recv().is_err(), "no trouble");
}

/// Waits until that device is in trouble.
async fn trouble(studio: &mut Studio, device: NoticeCode) {
    let told =
        async { while !matches!(studio.next().await, StudioEvent::Trouble(code, _) if code == device) {} };
    tokio::time::timeout(LIMIT, told).await.unwrap_or_else(|_| panic!("no word of the {device:?}"));
}

#[tokio::test]
async fn a_microphone_that_was_pulled_out_is_opened_again_when_it_is_turned_on() {
    let desk = Arc::new(Desk::default());
    let mut studio = studio(&desk);
    studio.start(ALL_ON);
    until("open", || desk.microphones_open() == 1).await;
    let muted = MediaState { microphone: false, ..ALL_ON };
    for turned_on_too_soon in [false, true] {
        desk.unplugged.store(true, Relaxed);
        trouble(&mut studio, NoticeCode::Microphone).await;
        until("closed", || desk.microphones_open() == 0).await;
        studio.set(muted);
        if turned_on_too_soon {
            studio.set(ALL_ON);
            trouble(&mut studio, NoticeCode::Microphone).await;
            studio.set(muted);
        }
        desk.unplugged.store(false, Relaxed);
        studio.set(MediaState { camera: false, ..muted });
        assert_eq!(desk.microphones_open(), 0, "nobody asked for it");
        studio.set(ALL_ON);
        until("open again", || desk.microphones_open() == 1).await;
    }
}

#[tokio::test]
async fn a_speaker_that_was_pulled_out_gives_way_to_the_systems_until_it_is_chosen_again() {
    let desk = Arc::new(Desk::default());
    let mut studio = studio(&desk);
    let opened = |names: &[Option<&str>]| {
        let opened = desk.speakers.lock().unwrap();
        opened.iter().map(Option::as_deref).collect::<Vec<_>>() == names
    };
    studio.choose_speaker(Some("headset".into()));
    studio.start(ALL_ON);
    until("open", || opened(&[Some("headset")])).await;
    desk.unplugged.store(true, Relaxed);
    trouble(&mut studio, NoticeCode::Speaker).await;
    until("the system's", || opened(&[Some("headset"), None])).await;
    desk.unplugged.store(false, Relaxed);
    studio.set(ALL_ON);
    studio.choose_speaker(Some("headset".into()));
    until("open again", || opened(&[Some("headset"), None, Some("headset")])).await;
}
