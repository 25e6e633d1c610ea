//! A build without sound: no microphones, no speakers.
use eyeline_media::device::{AudioDeviceInfo, AudioSink, AudioSource, DeviceError};

/// No audio devices.
#[derive(Default)]
pub(crate) struct Audio;

impl Audio {
    pub(crate) fn microphones(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        Ok(Vec::new())
    }

    pub(crate) fn speakers(&self) -> Result<Vec<AudioDeviceInfo>, DeviceError> {
        Ok(Vec::new())
    }

    pub(crate) fn open_microphone(&self, id: Option<&str>) -> Result<Box<dyn AudioSource>, DeviceError> {
        Err(DeviceError::NotFound { kind: "microphone", id: id.map(str::to_owned) })
    }

    pub(crate) fn open_speaker(&self, id: Option<&str>) -> Result<Box<dyn AudioSink>, DeviceError> {
        Err(DeviceError::NotFound { kind: "speaker", id: id.map(str::to_owned) })
    }
}
