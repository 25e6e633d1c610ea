//! Size and frame rate by the rate, with patience: each change of size costs a key frame.
use crate::{frame::MediaTime, send::VideoTarget};
use std::time::Duration;

/// From this rate of video on, in bit/s: the largest size and the highest frame rate. Measured with VP8 on a talking head:
/// at these rates the picture stays above 35 dB (not measured at the two smallest sizes). A picture of another shape fits
/// into the size.
pub(super) const STEPS: [(u64, (u32, u32), u32); 7] = [
    (900_000, (1280, 720), 30),
    (350_000, (960, 540), 30),
    (150_000, (640, 480), 30),
    (100_000, (480, 360), 30),
    (60_000, (320, 240), 30),
    (40_000, (320, 240), 20),
    (0, (320, 240), 15),
];
/// So many steps smaller a call begins than the guessed rate allows.
const START_BELOW: usize = 2;
/// A step up needs this much more than its own rate, in percent.
const HYSTERESIS_PCT: u64 = 120;
/// How long the rate must be too low before the picture shrinks. At half the rate of its step it shrinks at once.
const PATIENCE_DOWN: Duration = Duration::from_secs(1);
/// How long the rate must be enough before the picture grows: in a call's first seconds, and later. What a call begins with
/// is a guess, and a picture that has shrunk shows that the path is narrow: both make it later.
const PATIENCE_FIRST: Duration = Duration::from_millis(400);
const PATIENCE_UP: Duration = Duration::from_secs(3);
/// A picture that shrinks so soon after it grew has grown in vain: the next attempt waits twice as long, at most so long.
const IN_VAIN: Duration = Duration::from_secs(15);
const PATIENCE_UP_MAX: Duration = Duration::from_secs(48);
/// Rate that is more than the guess, in percent of it.
const MORE_THAN_GUESSED_PCT: u64 = 130;
/// How long a call is young.
const FIRST: Duration = Duration::from_secs(10);
/// Part of the pictures that are left out because they weigh too much, from which on smaller ones are better; how much one
/// picture counts in the mean of that; and for how long.
const LEFT_OUT: f64 = 0.3;
const LEFT_OUT_WEIGHT: f64 = 1.0 / 16.0;
const PATIENCE_LEFT_OUT: Duration = Duration::from_millis(1_500);
/// Below the first no picture is worth sending, from the second on one is again, in bit/s.
const PAUSE_BPS: (u64, u64) = (25_000, 50_000);
/// For so long, before the picture goes or comes; where there is several times the room that it needs, it comes at once.
const PATIENCE_PAUSE: Duration = Duration::from_secs(1);
const AMPLE_BPS: u64 = 200_000;
/// Share of the video's rate that is payload: headers of 70 bytes on packets of 1,200, in percent.
const PAYLOAD_PCT: u64 = 94;
/// Least that an encoder is asked for, in bit/s.
const FLOOR_BPS: u64 = 20_000;

/// Keeps the step it is on.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    step: usize,
    begun: MediaTime,
    guess_bps: u64,
    has_shrunk: bool,
    patience: Duration,
    grown: Option<MediaTime>,
    paused: bool,
    /// Since when the rate asks for a smaller, or allows a larger picture.
    low_since: Option<MediaTime>,
    pause_since: Option<MediaTime>,
    high_since: Option<MediaTime>,
    /// Steps that the machine cannot do.
    lowered_by: usize,
    /// Part of the pictures that is left out, and since when it is too much.
    left_out: f64,
    heavy_since: Option<MediaTime>,
}

impl Picture {
    /// Smaller than the rate allows: the first picture is whole, and so much larger than those after it, and the rate is a
    /// guess. Where there is more, the picture has grown before anybody has seen how small it was.
    pub fn new(bps: u64, now: MediaTime) -> Self {
        Self {
            step: (fitting(bps, 100) + START_BELOW).min(STEPS.len() - 1),
            begun: now,
            guess_bps: bps,
            has_shrunk: false,
            patience: PATIENCE_UP,
            grown: None,
            paused: false,
            low_since: None,
            pause_since: None,
            high_since: None,
            lowered_by: 0,
            left_out: 0.0,
            heavy_since: None,
        }
    }

    /// A picture was encoded, and so many were left out before it: what is in them takes more than is usual for their size.
    pub fn on_encoded(&mut self, left_out: u32, now: MediaTime) {
        for was_left_out in std::iter::repeat_n(1.0, left_out.min(30) as usize).chain([0.0]) {
            self.left_out += (was_left_out - self.left_out) * LEFT_OUT_WEIGHT;
        }
        let heavy = self.left_out > LEFT_OUT;
        self.heavy_since = heavy.then(|| self.heavy_since.unwrap_or(now));
        if self.heavy_since.is_some_and(|since| now - since >= PATIENCE_LEFT_OUT)
            && self.present() + 1 < STEPS.len()
        {
            self.shrink(self.present() + 1, now);
        }
    }

    /// There are `bps` for pictures, and the machine wants the load lowered by so many steps.
    pub fn update(&mut self, bps: u64, lowered_by: usize, now: MediaTime) {
        self.lowered_by = lowered_by;
        let (step, larger) = (fitting(bps, 100), fitting(bps, HYSTERESIS_PCT));
        let held = |since: &mut Option<MediaTime>, wanted: bool| {
            *since = if wanted { Some(since.unwrap_or(now)) } else { None };
            since.map(|since| now - since)
        };
        let low = held(&mut self.low_since, step > self.step);
        let high = held(&mut self.high_since, larger < self.step);
        let turns = if self.paused { bps >= PAUSE_BPS.1 } else { bps < PAUSE_BPS.0 };
        let turns = held(&mut self.pause_since, turns);
        if turns.is_some_and(|since| since >= PATIENCE_PAUSE || bps >= AMPLE_BPS) {
            self.paused = !self.paused;
            self.pause_since = None;
        }
        let collapsed = bps * 2 < STEPS[self.step].0;
        if low.is_some_and(|low| low >= PATIENCE_DOWN || collapsed) {
            self.shrink(step, now);
        } else if high.is_some_and(|high| high >= self.patience_up(bps, now)) {
            self.step = larger.min(self.step);
            (self.grown, self.high_since) = (Some(now), None);
        }
    }

    fn shrink(&mut self, step: usize, now: MediaTime) {
        if let Some(at) = self.grown.take() {
            let in_vain = now - at < IN_VAIN;
            self.patience = if in_vain { (self.patience * 2).min(PATIENCE_UP_MAX) } else { PATIENCE_UP };
        }
        (self.step, self.has_shrunk, self.low_since) = (step, true, None);
        (self.left_out, self.heavy_since, self.high_since) = (0.0, None, None);
    }

    pub fn target(&self, bps: u64) -> Option<VideoTarget> {
        let (_, max_size, max_fps) = STEPS[self.present()];
        let payload = (bps * PAYLOAD_PCT / 100).max(FLOOR_BPS);
        let bitrate_bps = u32::try_from(payload).unwrap_or(u32::MAX);
        (!self.paused).then_some(VideoTarget { bitrate_bps, max_size, max_fps, two_chains: false })
    }

    /// The step in force.
    pub fn step(&self) -> usize {
        self.present()
    }

    /// Whether the rate keeps the picture small or away.
    pub fn is_limited(&self) -> bool {
        self.paused || self.step > self.lowered_by
    }

    /// Short while the call is young and the path shows that it carries more than was guessed.
    fn patience_up(&self, bps: u64, now: MediaTime) -> Duration {
        let is_more = bps * 100 >= self.guess_bps * MORE_THAN_GUESSED_PCT;
        let climbs = now - self.begun < FIRST && !self.has_shrunk && is_more;
        if climbs { PATIENCE_FIRST } else { self.patience }
    }

    fn present(&self) -> usize {
        self.step.max(self.lowered_by).min(STEPS.len() - 1)
    }
}

/// The largest step that `percent` of its rate fit for.
fn fitting(bps: u64, percent: u64) -> usize {
    STEPS.iter().position(|(least, _, _)| bps * 100 >= least * percent).unwrap_or(STEPS.len() - 1)
}
