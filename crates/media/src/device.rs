//! What the pipelines ask of a camera, a microphone and a speaker.
//!
//! Small pull traits: one thread calls one method in a loop, and the device's own clock sets the pace. The synthetic
//! devices of this crate and the real ones of `eyeline-devices` implement the same traits.
use crate::frame::{AudioBlock, VideoFrame};
use std::time::Duration;
use thiserror::Error;

/// A running camera. Dropping it closes the device: the light goes out.
pub trait VideoSource: Send {
    /// Waits for the next picture; never for longer than [`PULL_LIMIT`].
    ///
    /// # Errors
    /// [`DeviceError::Timeout`] where no picture came in time (ask again); any other error is final for this source.
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError>;

    /// What it really delivers.
    fn format(&self) -> CaptureFormat;
}

/// A running microphone.
pub trait AudioSource: Send {
    /// Waits for the next 10 ms; never for longer than [`PULL_LIMIT`].
    ///
    /// # Errors
    /// As [`VideoSource::next_frame`].
    fn read(&mut self) -> Result<AudioBlock, DeviceError>;
}

/// A running speaker.
pub trait AudioSink: Send {
    /// Queues 10 ms, waiting for room: the speaker's clock sets the pace. Never waits longer than [`PULL_LIMIT`].
    ///
    /// # Errors
    /// As [`VideoSource::next_frame`].
    fn write(&mut self, block: &AudioBlock) -> Result<(), DeviceError>;

    /// From a `write` now until its first sample is heard.
    fn latency(&self) -> Duration;
}

/// Longest that a source or a sink may block.
pub const PULL_LIMIT: Duration = Duration::from_millis(500);

/// The devices of a machine.
pub trait DeviceBackend: Send + Sync {
    /// Cameras, with their formats.
    ///
    /// # Errors
    /// [`DeviceError`] where the system cannot be asked.
    fn cameras(&self) -> Result<Vec<CameraInfo>, DeviceError>;
    /// Microphones; the system's default one first.
    ///
    /// # Errors
    /// As above.
    fn microphones(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError>;
    /// Speakers; the system's default one first.
    ///
    /// # Errors
    /// As above.
    fn speakers(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError>;
    /// Opens the camera named by `id`, or the first that works, in the format nearest to `want`.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn open_camera(&self, id: Option<&str>, want: CaptureFormat)
    -> Result<Box<dyn VideoSource>, DeviceError>;
    /// Opens the microphone named by `id`, or the system's default one.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn open_microphone(&self, id: Option<&str>) -> Result<Box<dyn AudioSource>, DeviceError>;
    /// Opens the speaker named by `id`, or the system's default one.
    ///
    /// # Errors
    /// [`DeviceError`].
    fn open_speaker(&self, id: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError>;
}

/// Size and rate of a camera's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaptureFormat {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames a second.
    pub fps: u32,
}

impl CaptureFormat {
    /// The smallest that is asked of a camera.
    pub const MIN: Self = Self { width: 320, height: 240, fps: 15 };
    /// What is asked of a camera where nobody says otherwise.
    pub const IDEAL: Self = Self { width: 640, height: 480, fps: 30 };
    /// The largest that is asked of a camera.
    pub const MAX: Self = Self { width: 1280, height: 720, fps: 60 };
}

/// A camera that could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraInfo {
    /// Names it to [`DeviceBackend::open_camera`]; stable while it is plugged in.
    pub id: String,
    /// Name for a person.
    pub name: String,
    /// What it offers: pixel format by its FourCC, with size and rate.
    pub formats: Vec<(String, CaptureFormat)>,
}

/// A microphone or a speaker that could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioDeviceInfo {
    /// Names it to [`DeviceBackend::open_microphone`] or [`DeviceBackend::open_speaker`].
    pub id: String,
    /// Name for a person.
    pub name: String,
    /// Whether it is the system's default.
    pub is_default: bool,
    /// Native sample rates, in Hz, lowest first.
    pub sample_rates_hz: Vec<u32>,
    /// Native channel count.
    pub channels: u16,
}

/// What can be wrong with a device. Each variant is something else for a person to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// There is none (of that name).
    #[error("no {kind} {}", id.as_deref().map_or_else(|| "found".to_owned(), |id| format!("named {id:?}")))]
    NotFound {
        /// `camera`, `microphone` or `speaker`.
        kind: &'static str,
        /// The name that was asked for.
        id: Option<String>,
    },
    /// Another program uses it.
    #[error("{0} is in use by another program")]
    Busy(String),
    /// The system or the person forbids it.
    #[error("access to {0} was denied")]
    Denied(String),
    /// It was unplugged, or its driver gave up.
    #[error("{0} has gone")]
    Lost(String),
    /// Nothing came within [`PULL_LIMIT`].
    #[error("{0} delivers nothing")]
    Timeout(String),
    /// It offers no format that can be used.
    #[error("{0} offers no usable format")]
    NoFormat(String),
    /// A file that serves as a device has come to its end.
    #[error("end of {0}")]
    Ended(String),
    /// Anything else, in the system's own words.
    #[error("{device}: {reason}")]
    Other {
        /// Which device.
        device: String,
        /// The system's words.
        reason: String,
    },
}
