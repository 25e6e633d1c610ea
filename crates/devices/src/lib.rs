//! Cameras, microphones and speakers of this machine.
//!
//! ```text
//! nokhwa --frame()--> camera thread --convert--> newest picture --> VideoSource::next_frame
//! cpal callback --> lock-free ring --> AudioSource::read, resampled to 48 kHz
//! AudioSink::write, resampled to the device --> lock-free ring --> cpal callback
//! ```
//!
//! The only crate that touches system libraries for capture and playback. Each open device has a thread
//! of its own, so that a driver that hangs takes nobody with it: whatever asks for a picture or a block gets it, or a
//! [`DeviceError`] within [`PULL_LIMIT`](eyeline_media::device::PULL_LIMIT).
#[cfg(feature = "audio")]
mod audio;
#[cfg(not(feature = "audio"))]
#[path = "audio/none.rs"]
mod audio;
#[cfg(feature = "camera")]
mod camera;
#[cfg(not(feature = "camera"))]
#[path = "camera/none.rs"]
mod camera;
#[cfg(all(feature = "testing", unix))]
pub mod testing;
#[cfg(any(feature = "audio", feature = "camera"))]
mod worker;

use eyeline_media::device::{
    AudioDeviceInfo, AudioSink, AudioSource, CameraInfo, CaptureFormat, DeviceBackend, DeviceError,
    VideoSource,
};

/// The devices of this machine, as nokhwa (`camera`) and cpal (`audio`) find them.
///
/// Without a feature its lists are empty and opening finds nothing: a call needs neither.
#[derive(Default)]
pub struct SystemDevices {
    cameras: camera::Cameras,
    audio: audio::Audio,
}

impl SystemDevices {
    /// Touches no device yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl DeviceBackend for SystemDevices {
    fn cameras(&self) -> Result<Vec<CameraInfo>, DeviceError> {
        self.cameras.list()
    }

    fn microphones(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        self.audio.microphones()
    }

    fn speakers(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        self.audio.speakers()
    }

    fn open_camera(
        &self,
        id: Option<&str>,
        want: CaptureFormat,
    ) -> Result<Box<dyn VideoSource>, DeviceError> {
        self.cameras.open(id, want)
    }

    fn open_microphone(&self, id: Option<&str>) -> Result<Box<dyn AudioSource>, DeviceError> {
        self.audio.open_microphone(id)
    }

    fn open_speaker(&self, id: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError> {
        self.audio.open_speaker(id)
    }
}
