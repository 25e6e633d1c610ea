//! Cameras, through nokhwa.
//!
//! [`enumerate`] knows what there is, [`mod@format`] chooses what to ask for, [`thread`] owns an open camera, [`convert`]
//! makes I420 of what it delivers, [`error`] says what went wrong; [`v4l2`] makes up for a weakness of nokhwa on Linux.
mod convert;
mod enumerate;
mod error;
mod format;
mod jpeg;
mod thread;
#[cfg(target_os = "linux")]
mod v4l2;

use enumerate::Catalogue;
use eyeline_media::device::{CameraInfo, CaptureFormat, DeviceError, VideoSource};

/// The cameras of this machine.
#[derive(Default)]
pub(crate) struct Cameras {
    catalogue: Catalogue,
}

impl Cameras {
    pub(crate) fn list(&self) -> Result<Vec<CameraInfo>, DeviceError> {
        Ok(self.catalogue.refresh()?.into_iter().map(|known| known.info).collect())
    }

    pub(crate) fn open(
        &self,
        id: Option<&str>,
        want: CaptureFormat,
    ) -> Result<Box<dyn VideoSource>, DeviceError> {
        let mut why_not = DeviceError::NotFound { kind: "camera", id: id.map(str::to_owned) };
        let known = self.catalogue.refresh()?;
        for camera in known.into_iter().filter(|known| id.is_none_or(|id| id == known.info.id)) {
            let formats = if camera.formats.is_empty() { enumerate::probe(&camera)? } else { camera.formats };
            let formats = format::by_preference(&formats, want);
            match thread::LiveCamera::open(camera.info.name, camera.index, formats) {
                Ok(live) => return Ok(Box::new(live)),
                Err(error) => {
                    tracing::info!(%error, "camera does not open");
                    why_not = error;
                }
            }
        }
        Err(why_not)
    }
}
