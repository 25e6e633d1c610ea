//! A build without cameras: there are none.
use eyeline_media::device::{CameraInfo, CaptureFormat, DeviceError, VideoSource};

/// No cameras.
#[derive(Default)]
pub(crate) struct Cameras;

impl Cameras {
    pub(crate) fn list(&self) -> Result<Vec<CameraInfo>, DeviceError> {
        Ok(Vec::new())
    }

    pub(crate) fn open(
        &self,
        id: Option<&str>,
        _want: CaptureFormat,
    ) -> Result<Box<dyn VideoSource>, DeviceError> {
        Err(DeviceError::NotFound { kind: "camera", id: id.map(str::to_owned) })
    }
}
