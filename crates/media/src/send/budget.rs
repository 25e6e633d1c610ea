//! What encoded pictures may weigh over time.
//!
//! An encoder keeps to its rate as a mean over a second or more, and to less than it can do with what it is shown not at
//! all: VP8 at its coarsest has sent one and a half times the target for seconds (measured), which is a queue on the path.
//! Here the debt is kept, and pictures are left out while it is too large.
use crate::frame::MediaTime;

/// Of the target, what may be sent.
const GENEROUS: f64 = 1.1;
/// Debt from which on pictures are left out, and the most that is kept, in seconds of the target: the largest key frame
/// takes 0.3, and costs the picture after it.
const DEBT_MAX_S: f64 = 0.25;
const DEBT_KEPT_S: f64 = 0.5;
/// What was not sent may be made up for, as far as this, likewise.
const CREDIT_MAX_S: f64 = 0.1;

/// The account, in seconds of the target of the moment: what was sent at a higher one is not paid back at a lower.
#[derive(Debug, Default)]
pub(super) struct Budget {
    seconds: f64,
    at: Option<MediaTime>,
}

impl Budget {
    /// Whether a picture captured then may be encoded.
    pub fn allows(&mut self, at: MediaTime) -> bool {
        let elapsed = self.at.replace(at).map_or(0.0, |before| (at - before).as_secs_f64());
        self.seconds = (self.seconds + elapsed * GENEROUS).min(CREDIT_MAX_S);
        self.seconds >= -DEBT_MAX_S
    }

    /// A picture of so many bytes was sent, at a target of `bps`.
    pub fn spend(&mut self, bytes: usize, bps: u32) {
        self.seconds = (self.seconds - bytes as f64 * 8.0 / f64::from(bps.max(1))).max(-DEBT_KEPT_S);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits a second over ten seconds of an encoder that makes pictures of so many bytes, thirty a second, and the first of
    /// `first`.
    fn sent(bps: u32, first: usize, each: usize) -> (f64, usize) {
        let (mut budget, mut bytes, mut skipped) = (Budget::default(), 0, 0);
        for n in 0..300 {
            if budget.allows(MediaTime(n * 33_333)) {
                let size = if bytes == 0 { first } else { each };
                budget.spend(size, bps);
                bytes += size;
            } else {
                skipped += 1;
            }
        }
        (bytes as f64 * 8.0 / 10.0, skipped)
    }

    #[test]
    fn an_encoder_that_sends_too_much_is_held_to_its_target_and_another_is_left_alone() {
        let (bps, skipped) = sent(120_000, 500, 750);
        assert!(bps < 136_000.0 && skipped > 70, "{bps} bit/s, {skipped} left out");
        assert_eq!(sent(120_000, 3_600, 500).1, 0);
    }

    #[test]
    fn after_a_heavy_key_frame_a_few_are_left_out() {
        let (_, skipped) = sent(120_000, 6_000, 500);
        assert!((1..=6).contains(&skipped), "{skipped}");
    }

    #[test]
    fn a_key_frame_of_a_wide_path_is_forgotten_on_a_narrow_one() {
        let mut budget = Budget::default();
        assert!(budget.allows(MediaTime(0)));
        budget.spend(75_000, 2_000_000);
        let waits = (1..).find(|n| budget.allows(MediaTime(n * 33_333))).unwrap_or(0);
        budget.spend(1_000, 100_000);
        assert!(waits < 8 && budget.allows(MediaTime(waits * 33_333 + 100_000)), "{waits} pictures");
    }
}
