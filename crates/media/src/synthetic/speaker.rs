//! A speaker that nobody hears.
use crate::{
    clock::MediaClock,
    device::{AudioSink, DeviceError},
    frame::{AudioBlock, MediaTime},
};
use std::time::Duration;

/// One block.
const BLOCK: Duration = Duration::from_millis(10);
/// Later than this, the schedule begins anew, as a real speaker's does after an underrun.
const UNDERRUN: Duration = Duration::from_millis(100);

/// Keeps the time of a speaker with a buffer of one block, and plays nothing.
#[derive(Debug, Default)]
pub struct NullSpeaker {
    /// When the next block is heard.
    next: Option<MediaTime>,
}

impl AudioSink for NullSpeaker {
    fn write(&mut self, _block: &AudioBlock) -> Result<(), DeviceError> {
        let now = MediaClock::now();
        let heard = self.next.filter(|next| now - *next < UNDERRUN).unwrap_or(now);
        self.next = Some(heard.plus(BLOCK));
        MediaClock::wait_until(heard);
        Ok(())
    }

    fn latency(&self) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next - MediaClock::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_blocks_take_two_hundred_milliseconds() {
        let mut speaker = NullSpeaker::default();
        let started = MediaClock::now();
        for _ in 0..21 {
            speaker.write(&AudioBlock::silence(started)).unwrap();
        }
        let took = MediaClock::now() - started;
        assert!(took >= Duration::from_millis(200) && took < Duration::from_millis(400), "{took:?}");
    }
}
