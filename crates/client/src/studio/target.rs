//! How a total bit rate is divided, and which picture fits into it.
use crate::config::MediaOptions;
use eyeline_media::send::VideoTarget;

/// What a call begins with, before anything is known of the path, in bit/s.
const START_BPS: u64 = 800_000;
/// More is not visible at 720p (RingRTC's cap is the same), in bit/s.
const CAP_BPS: u64 = 2_000_000;
/// Opus at 32 kbit/s and the headers of 50 packets a second (IP, UDP, SRTP, RTP with extensions: 70 bytes), in bit/s.
const AUDIO_BPS: u64 = 32_000 + 50 * 70 * 8;
/// Below this no picture is worth sending; the encoder does what it can, in bit/s.
const VIDEO_FLOOR_BPS: u64 = 40_000;
/// Share of the video's rate that is payload: headers of 70 bytes a packet of 1,200, in percent.
const PAYLOAD_PCT: u64 = 94;

/// From this video rate on, in bit/s: the largest size and the highest frame rate. Measured with VP8 on a talking head: at
/// these rates the picture stays above 35 dB.
const STEPS: [(u64, (u32, u32), u32); 5] = [
    (900_000, (1280, 720), 30),
    (350_000, (960, 540), 30),
    (180_000, (640, 480), 30),
    (90_000, (480, 360), 20),
    (0, (320, 240), 15),
];
/// A step up needs this much more than its own rate, so that a rate near a border does not flicker, in percent.
const HYSTERESIS_PCT: u64 = 120;

/// Keeps the step it is on.
#[derive(Debug, Clone)]
pub(super) struct MediaTarget {
    max_bps: u64,
    total_bps: u64,
    step: usize,
}

impl MediaTarget {
    pub(super) fn new(options: &MediaOptions) -> Self {
        let max_bps = options.max_kbps.map_or(CAP_BPS, |kbps| u64::from(kbps) * 1000);
        let mut this = Self { max_bps, total_bps: 0, step: 0 };
        this.set_total(START_BPS);
        this
    }

    /// What the congestion control allows, audio and video together, in bit/s.
    pub(super) fn set_total(&mut self, bps: u64) {
        self.total_bps = bps.min(self.max_bps);
        let video = self.video_bps();
        let fits = |step: usize, percent: u64| video * 100 >= STEPS[step].0 * percent;
        while self.step > 0 && fits(self.step - 1, HYSTERESIS_PCT) {
            self.step -= 1;
        }
        while self.step + 1 < STEPS.len() && !fits(self.step, 100) {
            self.step += 1;
        }
    }

    /// For the video sender.
    pub(super) fn video(&self) -> VideoTarget {
        let (_, max_size, max_fps) = STEPS[self.step];
        let payload = self.video_bps() * PAYLOAD_PCT / 100;
        VideoTarget { bitrate_bps: u32::try_from(payload).unwrap_or(u32::MAX), max_size, max_fps }
    }

    fn video_bps(&self) -> u64 {
        self.total_bps.saturating_sub(AUDIO_BPS).max(VIDEO_FLOOR_BPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_begins_with_a_picture_that_fits_its_first_rate() {
        let target = MediaTarget::new(&MediaOptions::default());
        assert_eq!(target.video().max_size, (960, 540));
        assert!(u64::from(target.video().bitrate_bps) + AUDIO_BPS <= START_BPS);
    }

    #[test]
    fn size_follows_the_rate_down_and_up_without_flicker() {
        let mut target = MediaTarget::new(&MediaOptions::default());
        target.set_total(2_000_000);
        assert_eq!(target.video().max_size, (1280, 720));
        target.set_total(200_000);
        assert_eq!((target.video().max_size, target.video().max_fps), ((480, 360), 20));
        // Just over the border: not yet.
        target.set_total(AUDIO_BPS + 190_000);
        assert_eq!(target.video().max_size, (480, 360));
        target.set_total(AUDIO_BPS + 220_000);
        assert_eq!(target.video().max_size, (640, 480));
        target.set_total(1);
        assert_eq!((target.video().max_size, target.video().bitrate_bps), ((320, 240), 37_600));
    }

    #[test]
    fn nothing_goes_over_what_the_person_allows() {
        let options = MediaOptions { max_kbps: Some(300), ..MediaOptions::default() };
        let mut target = MediaTarget::new(&options);
        target.set_total(5_000_000);
        assert!(u64::from(target.video().bitrate_bps) + AUDIO_BPS <= 300_000);
    }
}
