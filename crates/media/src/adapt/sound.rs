//! Sound by the rate: from 64 kbit/s to 6 kbit/s of Opus, and on thin paths longer packets, whose headers weigh less.
use super::PACKET_OVERHEAD;
use crate::codec::opus::OpusSettings;

/// From this total on, in bit/s: the bitrate, and milliseconds in a packet. Wideband speech is good from 16 kbit/s
/// (RFC 6716 section 2.1.1); at 60 ms a packet's headers take 9 kbit/s, at 20 ms 28 kbit/s.
const STEPS: [(u64, u32, u32); 7] = [
    (1_600_000, 64_000, 20),
    (800_000, 48_000, 20),
    (120_000, 32_000, 20),
    (70_000, 24_000, 40),
    (45_000, 16_000, 60),
    (28_000, 10_000, 60),
    (0, 6_000, 60),
];
/// The step into silence: whatever more is said is not heard, and on a path that is too thin keeps it so.
const SILENT: usize = STEPS.len() - 2;
/// A step up needs this much more than its own total, in percent.
const HYSTERESIS_PCT: u64 = 120;
/// Redundancy is dimensioned for the loss that is reported, within these bounds, in percent.
const EXPECTED_LOSS_PCT: (f64, f64) = (5.0, 30.0);
/// With so much loss, and so much room, each packet carries earlier ones whole: how many.
const COPIES: [(f64, u64, u8); 2] = [(0.12, 350_000, 2), (0.02, 150_000, 1)];
/// Redundancy ends when loss is below this part of what it began with.
const COPIES_END: f64 = 0.5;
/// How much one report counts in the mean of losses.
const LOSS_WEIGHT: f64 = 0.3;

/// Keeps the step it is on.
#[derive(Debug, Clone)]
pub(super) struct Sound {
    step: usize,
    total_bps: u64,
    /// A mean of what is reported.
    loss: f64,
    may_copy: bool,
    copies: u8,
    is_silent: bool,
}

impl Sound {
    pub fn new(total_bps: u64) -> Self {
        let step = STEPS.len() - 1;
        let mut this = Self { step, total_bps, loss: 0.0, may_copy: false, copies: 0, is_silent: false };
        this.set_total(total_bps);
        this
    }

    pub fn set_total(&mut self, bps: u64) {
        self.total_bps = bps;
        let fits = |step: usize, percent: u64| bps * 100 >= STEPS[step].0 * percent;
        while self.step > 0 && fits(self.step - 1, HYSTERESIS_PCT) {
            self.step -= 1;
        }
        while self.step + 1 < STEPS.len() && !fits(self.step, 100) {
            self.step += 1;
        }
        self.repeat();
    }

    /// Whether nothing is heard of what is sent.
    pub fn set_silence(&mut self, is_silent: bool) {
        self.is_silent = is_silent;
        self.repeat();
    }

    /// Of the step in force.
    fn now(&self) -> (u64, u32, u32) {
        STEPS[if self.is_silent { self.step.max(SILENT) } else { self.step }]
    }

    pub fn allow_copies(&mut self, allowed: bool) {
        self.may_copy = allowed;
        self.repeat();
    }

    pub fn set_loss(&mut self, loss: f64) {
        self.loss += LOSS_WEIGHT * (loss - self.loss);
        self.repeat();
    }

    /// How often each packet is carried by later ones.
    pub fn copies(&self) -> u8 {
        self.copies
    }

    fn repeat(&mut self) {
        let wanted = COPIES.iter().find(|(loss, room, copies)| {
            let enough = if self.copies >= *copies { loss * COPIES_END } else { *loss };
            self.may_copy && !self.is_silent && self.loss >= enough && self.total_bps >= *room
        });
        self.copies = wanted.map_or(0, |(_, _, copies)| *copies);
    }

    pub fn settings(&self, base: OpusSettings) -> OpusSettings {
        let (_, _, frame_ms) = self.now();
        let (least, most) = EXPECTED_LOSS_PCT;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 5..=30")]
        let expected_loss_pct = (self.loss * 100.0).clamp(least, most).round() as u8;
        OpusSettings { bitrate_bps: self.bitrate_bps(), frame_ms, expected_loss_pct, ..base }
    }

    /// With all headers, in bit/s.
    pub fn bps(&self) -> u64 {
        let (_, _, frame_ms) = self.now();
        let bitrate = u64::from(self.bitrate_bps());
        bitrate * u64::from(1 + self.copies) + PACKET_OVERHEAD * 8 * 1000 / u64::from(frame_ms)
    }

    fn bitrate_bps(&self) -> u32 {
        let (_, bitrate, _) = self.now();
        // What is sent two or three times need not be the best there is.
        if self.copies > 0 { bitrate.min(32_000) } else { bitrate }
    }
}
