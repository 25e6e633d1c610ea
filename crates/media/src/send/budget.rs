//! What encoded pictures may weigh over time.
//!
//! An encoder keeps to its rate as a mean over a second or more, and to less than it can do with what it is shown not at all: VP8 at its
//! coarsest has sent one and a half times the target for seconds (measured), which is a queue on the path. Here the debt is
//! kept, and pictures are left out while it is too large.
use crate::frame::MediaTime;

/// Of the target, what may be sent.
const GENEROUS: f64 = 1.1;
/// Debt from which on pictures are left out, in milliseconds of the target. A key frame takes up to 300.
const DEBT_MAX_MS: f64 = 250.0;
/// What was not sent may be made up for, as far as this, likewise.
const CREDIT_MAX_MS: f64 = 100.0;

/// The account.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// What may be sent, in bits; below zero is debt.
    bits: f64,
    at: Option<MediaTime>,
}

impl Budget {
    /// Whether a picture captured then may be encoded, at `bps`.
    pub fn allows(&mut self, at: MediaTime, bps: u32) -> bool {
        let bps = f64::from(bps) * GENEROUS;
        let elapsed = self.at.replace(at).map_or(0.0, |before| (at - before).as_secs_f64());
        self.bits = (self.bits + bps * elapsed).min(bps * CREDIT_MAX_MS / 1_000.0);
        self.bits >= -bps * DEBT_MAX_MS / 1_000.0
    }

    /// A picture of so many bytes was sent.
    pub fn spend(&mut self, bytes: usize) {
        self.bits -= bytes as f64 * 8.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits a second over ten seconds of an encoder that makes pictures of so many bytes, thirty a second, and the first of `first`.
    fn sent(bps: u32, first: usize, each: usize) -> (f64, usize) {
        let (mut budget, mut bytes, mut skipped) = (Budget::default(), 0, 0);
        for n in 0..300 {
            if budget.allows(MediaTime(n * 33_333), bps) {
                let size = if bytes == 0 { first } else { each };
                budget.spend(size);
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
        assert_eq!(sent(120_000, 4_500, 500).1, 0);
    }

    #[test]
    fn after_a_heavy_key_frame_a_few_are_left_out() {
        let (_, skipped) = sent(120_000, 6_000, 500);
        assert!((1..=6).contains(&skipped), "{skipped}");
    }
}
