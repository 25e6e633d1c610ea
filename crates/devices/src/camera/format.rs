//! Which of a camera's formats to ask for.
use eyeline_media::device::CaptureFormat;
use nokhwa::utils::{CameraFormat, FrameFormat};
use std::cmp::Reverse;

/// The pixel formats that [`super::convert`] understands.
pub(super) const READABLE: [FrameFormat; 6] = [
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// All of `offered`, the best for `want` first.
///
/// A rate that is really reached comes before the size: at 1280x720 a camera often has YUYV at 5 frames a second
/// where MJPEG has 30. A fifth less than 30 is not worth a smaller picture, and neither is more than 30.
pub(super) fn by_preference(offered: &[CameraFormat], want: CaptureFormat) -> Vec<CameraFormat> {
    let (min, max) = (CaptureFormat::MIN, CaptureFormat::MAX);
    let want = CaptureFormat {
        width: want.width.clamp(min.width, max.width),
        height: want.height.clamp(min.height, max.height),
        fps: want.fps.clamp(min.fps, max.fps),
    };
    let mut formats = offered.to_vec();
    formats.sort_by_key(|f| {
        let colour = f.format() != FrameFormat::GRAY;
        let within = (min.width..=max.width).contains(&f.width())
            && (min.height..=max.height).contains(&f.height())
            && f.frame_rate() <= max.fps;
        let too_slow = (want.fps.min(CaptureFormat::IDEAL.fps) * 8 / 10).saturating_sub(f.frame_rate());
        let size = f.width().abs_diff(want.width) + f.height().abs_diff(want.height);
        let rate = f.frame_rate().abs_diff(want.fps);
        (Reverse((colour, within)), too_slow, size, rate, cost(f.format()))
    });
    formats
}

/// Rank by the time that it takes to make I420 of it (measured: 0.05 ms for NV12 to 2 ms for MJPEG, at 720p).
fn cost(format: FrameFormat) -> u8 {
    match format {
        FrameFormat::NV12 => 0,
        FrameFormat::YUYV => 1,
        FrameFormat::RAWRGB | FrameFormat::RAWBGR => 2,
        FrameFormat::MJPEG => 3,
        FrameFormat::GRAY => 4,
    }
}

/// As it is known outside this crate: FourCC and size.
pub(super) fn describe(format: &CameraFormat) -> (String, CaptureFormat) {
    let fourcc = match format.format() {
        FrameFormat::MJPEG => "MJPG",
        FrameFormat::YUYV => "YUYV",
        FrameFormat::NV12 => "NV12",
        FrameFormat::GRAY => "GREY",
        FrameFormat::RAWRGB => "RGB3",
        FrameFormat::RAWBGR => "BGR3",
    };
    let size = CaptureFormat { width: format.width(), height: format.height(), fps: format.frame_rate() };
    (fourcc.to_owned(), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(width: u32, height: u32, format: FrameFormat, fps: u32) -> CameraFormat {
        CameraFormat::new_from(width, height, format, fps)
    }

    fn best(offered: &[CameraFormat], width: u32, height: u32, fps: u32) -> CameraFormat {
        by_preference(offered, CaptureFormat { width, height, fps })[0]
    }

    #[test]
    fn mjpeg_at_the_wanted_rate_beats_raw_that_is_too_slow() {
        let raw = offer(1280, 720, FrameFormat::YUYV, 5);
        let jpeg = offer(1280, 720, FrameFormat::MJPEG, 30);
        assert_eq!(best(&[raw, jpeg], 1280, 720, 30), jpeg);
    }

    #[test]
    fn raw_beats_mjpeg_where_both_are_fast_enough() {
        let raw = offer(640, 480, FrameFormat::YUYV, 30);
        let jpeg = offer(640, 480, FrameFormat::MJPEG, 30);
        assert_eq!(best(&[jpeg, raw], 640, 480, 30), raw);
    }

    #[test]
    fn a_slightly_lower_rate_is_not_worth_a_smaller_picture() {
        let wanted = offer(640, 480, FrameFormat::YUYV, 25);
        let small = offer(320, 240, FrameFormat::YUYV, 30);
        assert_eq!(best(&[small, wanted], 640, 480, 30), wanted);
    }

    #[test]
    fn sixty_frames_a_second_are_not_worth_a_smaller_picture() {
        let hd = offer(1280, 720, FrameFormat::YUYV, 25);
        let small = offer(640, 360, FrameFormat::YUYV, 60);
        assert_eq!(best(&[small, hd], 1280, 720, 60), hd);
    }

    #[test]
    fn a_huge_wish_gets_no_more_than_the_largest_capture_size() {
        let hd = offer(1280, 720, FrameFormat::MJPEG, 30);
        let uhd = offer(3840, 2160, FrameFormat::MJPEG, 30);
        assert_eq!(best(&[uhd, hd], 3840, 2160, 30), hd);
    }

    #[test]
    fn colour_beats_grey_of_the_wanted_size() {
        let grey = offer(640, 480, FrameFormat::GRAY, 30);
        let colour = offer(320, 240, FrameFormat::YUYV, 30);
        assert_eq!(best(&[grey, colour], 640, 480, 30), colour);
    }
}
