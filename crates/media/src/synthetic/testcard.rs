//! The test card as a camera.
use super::{
    Schedule,
    card::{background, draw_moment},
};
use crate::{
    device::{CaptureFormat, DeviceError, VideoSource},
    frame::{I420, VideoFrame},
    pool::FramePool,
};

/// A camera that shows the clock.
pub struct TestCard {
    background: I420,
    pool: FramePool,
    schedule: Schedule,
    fps: u32,
}

impl TestCard {
    /// A card of that size, at that rate.
    #[must_use]
    pub fn new(width: u32, height: u32, fps: u32) -> Self {
        let fps = fps.clamp(1, CaptureFormat::MAX.fps);
        Self {
            background: background(width, height),
            pool: FramePool::default(),
            schedule: Schedule::new(fps),
            fps,
        }
    }
}

impl VideoSource for TestCard {
    fn next_frame(&mut self) -> Result<VideoFrame, DeviceError> {
        let (unix_us, captured_at) = self.schedule.wait(0);
        let background = &self.background;
        let image = self.pool.fill(background.width(), background.height(), |image| {
            image.clone_from(background);
            let first_of_second = unix_us.rem_euclid(1_000_000) < 1_000_000 / i64::from(self.fps);
            draw_moment(image, u64::try_from(unix_us / 1000).unwrap_or(0), first_of_second);
        });
        Ok(VideoFrame { image, captured_at })
    }

    fn format(&self) -> CaptureFormat {
        CaptureFormat { width: self.background.width(), height: self.background.height(), fps: self.fps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::MediaClock,
        synthetic::{flash_shows, read_clock},
    };

    #[test]
    fn clock_in_the_picture_is_its_capture_time() {
        let mut card = TestCard::new(320, 240, 60);
        for _ in 0..3 {
            let frame = card.next_frame().unwrap();
            let unix_ms = MediaClock::unix_us(frame.captured_at) / 1000;
            assert_eq!(read_clock(&frame.image), Some(unix_ms as u32));
        }
    }

    #[test]
    fn one_frame_a_second_flashes() {
        let mut card = TestCard::new(320, 240, 30);
        let flashes = (0..30).filter(|_| flash_shows(&card.next_frame().unwrap().image)).count();
        assert_eq!(flashes, 1);
    }
}
