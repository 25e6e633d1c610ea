//! An open camera on its own thread, and a watchdog over it: `frame()` of a camera that has stopped never returns.
use super::{convert::Converter, error, format::describe};
use crate::worker::{Stop, Worker};
use eyeline_media::{
    clock::MediaClock,
    device::{CaptureFormat, DeviceError, PULL_LIMIT, VideoSource},
    frame::{MediaTime, VideoFrame},
};
use nokhwa::{
    Buffer, Camera, NokhwaError,
    utils::{CameraFormat, CameraIndex, RequestedFormat, RequestedFormatType},
};
use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    time::{Duration, SystemTime},
};

/// Longest from asking for a camera to its first picture: webcams take up to two seconds to set their exposure.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
/// So many [`PULL_LIMIT`]s in a row without a picture, and the camera counts as lost.
const STALLED_PULLS: u32 = 4;
/// So many unreadable pictures in a row, and the camera counts as unusable: a second's worth.
const UNREADABLE: u32 = 30;
/// A picture cannot be older than this when it arrives; a timestamp that says so is from another clock.
const OLDEST: Duration = Duration::from_secs(1);

/// A running camera: the consumer's side.
pub(super) struct LiveCamera {
    name: String,
    format: CaptureFormat,
    slot: Arc<Slot>,
    stalled: u32,
    _worker: Worker,
}

/// Where the newest picture waits. Older ones are dropped: a late picture is worth nothing.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    newest: Option<VideoFrame>,
    ended: Option<DeviceError>,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveCamera {
    /// Opens the camera in the first of `formats` in which it delivers a picture.
    pub(super) fn open(
        name: String,
        index: CameraIndex,
        formats: Vec<CameraFormat>,
    ) -> Result<Self, DeviceError> {
        let slot = Arc::new(Slot::default());
        // One answer, once.
        let (opened, answer) = sync_channel(1);
        let capture = Capture { name: name.clone(), slot: slot.clone(), converter: Converter::default() };
        let worker = Worker::spawn("camera", move |stop| capture.run(&index, &formats, &opened, stop))
            .map_err(|e| DeviceError::Other { device: name.clone(), reason: e.to_string() })?;
        match answer.recv_timeout(OPEN_LIMIT) {
            Ok(format) => Ok(Self { name, format: format?, slot, stalled: 0, _worker: worker }),
            Err(RecvTimeoutError::Timeout) => Err(DeviceError::Timeout(name)),
            Err(RecvTimeoutError::Disconnected) => Err(DeviceError::Lost(name)),
        }
    }
}

impl VideoSource for LiveCamera {
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError> {
        let nothing_yet = |s: &mut State| s.newest.is_none() && s.ended.is_none();
        let waited = self.slot.changed.wait_timeout_while(self.slot.lock(), PULL_LIMIT, nothing_yet);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if let Some(frame) = state.newest.take() {
            self.stalled = 0;
            return Ok(frame);
        }
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        self.stalled += 1;
        let lost = self.stalled >= STALLED_PULLS;
        Err(if lost { DeviceError::Lost(self.name.clone()) } else { DeviceError::Timeout(self.name.clone()) })
    }

    fn format(&self) -> CaptureFormat {
        self.format
    }
}

/// The thread's side.
struct Capture {
    name: String,
    slot: Arc<Slot>,
    converter: Converter,
}

/// Whatever becomes of the thread, the consumer learns of it.
impl Drop for Capture {
    fn drop(&mut self) {
        let mut state = self.slot.lock();
        state.ended.get_or_insert_with(|| DeviceError::Lost(self.name.clone()));
        self.slot.changed.notify_all();
    }
}

impl Capture {
    fn run(
        mut self,
        index: &CameraIndex,
        formats: &[CameraFormat],
        opened: &SyncSender<Result<CaptureFormat, DeviceError>>,
        stop: &Stop,
    ) {
        match self.open(index, formats) {
            Ok((camera, first)) => {
                self.deliver(&first);
                let _given_up = opened.send(Ok(describe(&camera.camera_format()).1));
                let ended = self.capture(camera, stop);
                self.slot.lock().ended = ended.err();
            }
            Err(error) => {
                let _given_up = opened.send(Err(error));
            }
        }
    }

    /// Streaming starts with the first picture, and so do its errors.
    fn open(&self, index: &CameraIndex, formats: &[CameraFormat]) -> Result<(Camera, Buffer), DeviceError> {
        let mut why_not = DeviceError::NoFormat(self.name.clone());
        for format in formats {
            match start(index, *format) {
                Ok(running) => return Ok(running),
                Err(error) => why_not = error::typed(&self.name, &error),
            }
            // Another format helps only where this one was refused.
            if matches!(why_not, DeviceError::Busy(_) | DeviceError::Denied(_) | DeviceError::Lost(_)) {
                break;
            }
        }
        Err(why_not)
    }

    /// Captures until it is told to stop, and then closes the camera.
    fn capture(&mut self, mut camera: Camera, stop: &Stop) -> Result<(), DeviceError> {
        let mut unreadable = 0;
        while !stop.requested() {
            let picture = camera.frame().map_err(|e| error::typed(&self.name, &e))?;
            unreadable = if self.deliver(&picture) { 0 } else { unreadable + 1 };
            if unreadable == UNREADABLE {
                return Err(DeviceError::NoFormat(self.name.clone()));
            }
        }
        Ok(())
    }

    /// Whether the picture could be read.
    fn deliver(&mut self, picture: &Buffer) -> bool {
        let captured_at = self.captured_at(picture);
        let size = picture.resolution();
        let format = picture.source_frame_format();
        match self.converter.convert(picture.buffer(), format, size.width(), size.height()) {
            Ok(image) => {
                self.slot.lock().newest = Some(VideoFrame { image: Arc::new(image), captured_at });
                self.slot.changed.notify_all();
                true
            }
            Err(error) => {
                tracing::debug!(camera = self.name, %error, "picture dropped");
                false
            }
        }
    }

    /// The driver's timestamp, which nokhwa gives by the wall clock, on the capture clock.
    fn captured_at(&self, picture: &Buffer) -> MediaTime {
        #[expect(clippy::disallowed_methods, reason = "compared with a timestamp of the same clock")]
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let age = picture.capture_timestamp().and_then(|at| wall.checked_sub(at)).filter(|age| *age < OLDEST);
        let age = i64::try_from(age.unwrap_or_default().as_micros()).unwrap_or_default();
        MediaTime(MediaClock::now().0 - age)
    }
}

fn start(index: &CameraIndex, format: CameraFormat) -> Result<(Camera, Buffer), NokhwaError> {
    #[cfg(target_os = "linux")]
    super::v4l2::prepare(index, format);
    let exactly = RequestedFormatType::Exact(format);
    let mut camera = Camera::new(index.clone(), RequestedFormat::with_formats(exactly, &[format.format()]))?;
    camera.open_stream()?;
    let first = camera.frame()?;
    Ok((camera, first))
}
