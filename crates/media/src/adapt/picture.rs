//! Size and frame rate by the rate, with patience: each change of size costs a key frame.
use crate::{frame::MediaTime, send::VideoTarget};
use std::time::Duration;

/// What a picture can be.
pub(super) struct Step {
    /// From this rate of video on, in bit/s. Measured with VP8 on a talking head: at these rates the picture stays above
    /// 35 dB (not measured at the two smallest sizes).
    from_bps: u64,
    /// More than this is not visible where it is drawn no larger: [`super::CAP_BPS`] by the number of pixels to the power
    /// of 0.75, which are about the highest rates of libwebrtc's simulcast layers.
    most_bps: u64,
    /// The largest: a picture of another shape fits into it.
    max_size: (u32, u32),
    max_fps: u32,
}

pub(super) const STEPS: [Step; 7] = [
    step(900_000, 2_000_000, (1280, 720), 30),
    step(350_000, 1_300_000, (960, 540), 30),
    step(150_000, 900_000, (640, 480), 30),
    step(100_000, 600_000, (480, 360), 30),
    step(60_000, 300_000, (320, 240), 30),
    step(40_000, 200_000, (320, 240), 20),
    step(0, 150_000, (320, 240), 15),
];

const fn step(from_bps: u64, most_bps: u64, max_size: (u32, u32), max_fps: u32) -> Step {
    Step { from_bps, most_bps, max_size, max_fps }
}

/// Shapes of pictures for which a size is to cover the view, width by height.
const SHAPES: [(u64, u64); 2] = [(16, 9), (4, 3)];
/// A picture is drawn larger than it is by so much at most, in percent: that is not seen.
const STRETCH_PCT: u64 = 110;
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
const PAUSE_BPS: (u64, u64) = (22_000, 38_000);
/// For so long, before the picture goes or comes; where there is several times the room that it needs, it comes at once.
const PATIENCE_PAUSE: Duration = Duration::from_secs(1);
const AMPLE_BPS: u64 = 200_000;
/// Share of the video's rate that is payload: headers of 70 bytes on packets of 1,200, in percent.
const PAYLOAD_PCT: u64 = 94;
/// Least that an encoder is asked for, in bit/s.
const FLOOR_BPS: u64 = 20_000;

impl Step {
    /// Whether a picture of this size fills the view, whatever its shape. The view need not have the picture's shape: the
    /// whole picture is in it.
    fn covers(&self, view: (u32, u32)) -> bool {
        // The width of the largest picture of a shape within a size, scaled to whole numbers.
        let width = |(width, height): (u32, u32), shape: (u64, u64)| {
            (u64::from(width) * shape.1).min(u64::from(height) * shape.0)
        };
        SHAPES.iter().all(|shape| width(self.max_size, *shape) * STRETCH_PCT >= width(view, *shape) * 100)
    }
}

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
    /// Steps that are larger than the peer's view of it.
    beyond_view: usize,
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
            beyond_view: 0,
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

    /// The peer draws the picture into so many pixels; into none, where nobody looks.
    pub fn set_view(&mut self, view: (u32, u32)) {
        self.beyond_view = if view.0 == 0 || view.1 == 0 {
            STEPS.len() - 1
        } else {
            let smallest = STEPS.iter().rfind(|step| step.covers(view)).unwrap_or(&STEPS[0]).max_size;
            STEPS.iter().position(|step| step.max_size == smallest).unwrap_or(0)
        };
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
        let collapsed = bps * 2 < STEPS[self.step].from_bps;
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
        let Step { max_size, max_fps, .. } = STEPS[self.present()];
        let bps = if self.beyond_view > 0 { bps.min(STEPS[self.beyond_view].most_bps) } else { bps };
        let payload = (bps * PAYLOAD_PCT / 100).max(FLOOR_BPS);
        let bitrate_bps = u32::try_from(payload).unwrap_or(u32::MAX);
        (!self.paused).then_some(VideoTarget { bitrate_bps, max_size, max_fps, two_chains: false })
    }

    /// The step in force.
    pub fn step(&self) -> usize {
        self.present()
    }

    /// Whether pictures are sent, as often as they can be.
    pub fn is_frequent(&self) -> bool {
        !self.paused && STEPS[self.present()].max_fps == STEPS[0].max_fps
    }

    /// Whether the rate keeps the picture small or away.
    pub fn is_limited(&self) -> bool {
        self.paused || self.step > self.lowered_by.max(self.beyond_view)
    }

    /// How many of the largest steps are larger than the peer's view.
    pub fn beyond_view(&self) -> usize {
        self.beyond_view
    }

    /// Short while the call is young and the path shows that it carries more than was guessed.
    fn patience_up(&self, bps: u64, now: MediaTime) -> Duration {
        let is_more = bps * 100 >= self.guess_bps * MORE_THAN_GUESSED_PCT;
        let climbs = now - self.begun < FIRST && !self.has_shrunk && is_more;
        if climbs { PATIENCE_FIRST } else { self.patience }
    }

    fn present(&self) -> usize {
        self.step.max(self.lowered_by).max(self.beyond_view).min(STEPS.len() - 1)
    }
}

/// The largest step that `percent` of its rate fit for.
fn fitting(bps: u64, percent: u64) -> usize {
    STEPS.iter().position(|step| bps * 100 >= step.from_bps * percent).unwrap_or(STEPS.len() - 1)
}
