use super::*;
use crate::viewer::NoViewer;
use eyeline_media::{
    device::{AudioDeviceInfo, AudioSink, AudioSource, CameraInfo, CaptureFormat, VideoSource},
    frame::VideoFrame,
    synthetic::{NullSpeaker, TestCard, Tone},
};
use std::time::Duration;

/// Nothing here takes longer than a device that is asked for a picture, but the machine may be busy.
const LIMIT: Duration = Duration::from_secs(20);
const ALL_ON: MediaState = MediaState { microphone: true, camera: true };

/// One camera and one microphone, each of which can be opened once at a time, as most are.
#[derive(Default)]
struct Desk {
    camera: Arc<()>,
    microphone: Arc<()>,
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

impl AudioSource for Held<Tone> {
    fn read(&mut self) -> Result<eyeline_media::frame::AudioBlock, DeviceError> {
        self.0.read()
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
        Ok(Box::new(Held(Tone::default(), Arc::clone(&self.microphone))))
    }

    fn open_speaker(&self, _: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError> {
        Ok(Box::new(NullSpeaker::default()))
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
