//! Which cameras there are, and what they offer.
//!
//! A camera is asked for its formats once, while it stays plugged in: asking opens it, which may light its lamp, and
//! would disturb it while it runs.
use super::{
    error,
    format::{READABLE, describe},
};
use crate::worker::within;
use eyeline_media::device::{CameraInfo, CaptureFormat, DeviceError};
use nokhwa::{
    Camera,
    utils::{ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType},
};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Longest that a driver may take to answer. Media Foundation needs a second or two for its first camera (measured
/// by nokhwa's users; it is also known to hang for good, nokhwa #101).
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A camera, and how nokhwa names it and its formats.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) info: CameraInfo,
    pub(super) index: CameraIndex,
    /// Empty where it could not be asked, as another program has it or the person forbids it.
    pub(super) formats: Vec<CameraFormat>,
}

/// What was plugged in at the last look.
#[derive(Default)]
pub(super) struct Catalogue(Mutex<Vec<Known>>);

impl Catalogue {
    /// Looks which cameras there are, and asks the new ones.
    pub(super) fn refresh(&self) -> Result<Vec<Known>, DeviceError> {
        let found = query()?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::take(&mut *known);
        for (index, name) in found {
            let id = index.as_string();
            let same = old.iter().find(|k| k.info.id == id && k.info.name == name && !k.formats.is_empty());
            let mut camera = match same {
                Some(same) => same.clone(),
                None => {
                    Known { info: CameraInfo { id, name, formats: Vec::new() }, index, formats: Vec::new() }
                }
            };
            if camera.formats.is_empty() {
                match probe(&camera) {
                    Ok(formats) => camera.formats = formats,
                    Err(DeviceError::Busy(_) | DeviceError::Denied(_)) => {}
                    // A node without pictures: webcams have one more, for metadata.
                    Err(error) => {
                        tracing::debug!(camera = camera.info.name, %error, "offers nothing");
                        continue;
                    }
                }
                camera.info.formats = camera.formats.iter().map(describe).collect();
            }
            known.push(camera);
        }
        Ok(known.clone())
    }
}

/// All cameras that the system names, in its order.
fn query() -> Result<Vec<(CameraIndex, String)>, DeviceError> {
    let failed = |reason: String| DeviceError::Other { device: "cameras".into(), reason };
    let ask = || {
        permit();
        nokhwa::query(ApiBackend::Auto)
    };
    let found = within(ANSWER_LIMIT, ask).ok_or_else(|| failed("the system does not answer".into()))?;
    let mut found: Vec<_> = found
        .map_err(|e| failed(e.to_string()))?
        .into_iter()
        .map(|info| (info.index().clone(), info.human_name()))
        .collect();
    found.sort_by_key(|(index, _)| index.as_index().unwrap_or(u32::MAX));
    Ok(found)
}

/// macOS asks the person, once, before it shows any camera.
fn permit() {
    if cfg!(target_os = "macos") && !nokhwa::nokhwa_check() {
        // One answer, once.
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        nokhwa::nokhwa_initialize(move |granted| {
            let _late = answer.try_send(granted);
        });
        let _undecided = answered.recv_timeout(ANSWER_LIMIT);
    }
}

/// Asks a camera what it offers.
///
/// # Errors
/// As opening it; [`DeviceError::NoFormat`] where nothing that it offers can be read.
pub(super) fn probe(camera: &Known) -> Result<Vec<CameraFormat>, DeviceError> {
    let (index, name) = (camera.index.clone(), camera.info.name.clone());
    let ask = move || {
        let mut camera = open_any(&index)?;
        camera.compatible_camera_formats()
    };
    let answer = within(ANSWER_LIMIT, ask).ok_or_else(|| DeviceError::Timeout(name.clone()))?;
    let mut formats = answer.map_err(|e| error::typed(&name, &e))?;
    formats.retain(|f| f.frame_rate() > 0);
    formats.sort();
    formats.dedup();
    if formats.is_empty() { Err(DeviceError::NoFormat(name)) } else { Ok(formats) }
}

/// Opens a camera in whatever format it takes: nokhwa cannot open one without setting some format, and a camera may
/// refuse the one that it names first.
fn open_any(index: &CameraIndex) -> Result<Camera, nokhwa::NokhwaError> {
    let ideal = CaptureFormat::IDEAL;
    let near = |format| CameraFormat::new_from(ideal.width, ideal.height, format, ideal.fps);
    #[cfg(target_os = "linux")]
    super::v4l2::prepare(index, near(FrameFormat::YUYV));
    let open = |kind| Camera::new(index.clone(), RequestedFormat::with_formats(kind, &READABLE));
    open(RequestedFormatType::Closest(near(FrameFormat::YUYV)))
        .or_else(|_| open(RequestedFormatType::Closest(near(FrameFormat::MJPEG))))
        .or_else(|_| open(RequestedFormatType::None))
}
