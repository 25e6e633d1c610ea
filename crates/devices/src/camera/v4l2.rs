//! What nokhwa leaves out on Linux.
use nokhwa::utils::{CameraFormat, CameraIndex, FrameFormat};
use v4l::{Device, Format, FourCC, video::Capture, video::capture::Parameters};

/// Sets size, pixel format and rate before nokhwa looks at the camera.
///
/// nokhwa 0.10.11 sets no rate where the old one is the same number, although a change of size may change it, and then
/// refuses a camera that stands at 12.5 frames a second, for good. What fails here, nokhwa meets again and reports; a
/// camera that somebody uses refuses the first step, and is left alone.
pub(super) fn prepare(index: &CameraIndex, format: CameraFormat) {
    let fourcc = match format.format() {
        FrameFormat::MJPEG => b"MJPG",
        FrameFormat::YUYV => b"YUYV",
        FrameFormat::NV12 => b"NV12",
        FrameFormat::GRAY => b"GREY",
        FrameFormat::RAWRGB => b"RGB3",
        FrameFormat::RAWBGR => b"BGR3",
    };
    let Some(device) = index.as_index().ok().and_then(|index| Device::new(index as usize).ok()) else {
        return;
    };
    let wanted = Format::new(format.width(), format.height(), FourCC::new(fourcc));
    if device.set_format(&wanted).is_ok() {
        let _refused = device.set_params(&Parameters::with_fps(format.frame_rate()));
    }
}
