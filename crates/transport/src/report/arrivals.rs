//! What a receiver can say of one stream from its packets alone: how many were lost, how unevenly they come.
use eyeline_rtp::Unwrapper;
use std::time::{Duration, Instant};

/// Steps of the transit time beyond this are a new clock of the sender's, not jitter (libwebrtc).
const STEP_MAX: Duration = Duration::from_secs(5);
/// Packets that come this much behind the newest count as lost, in packets: the width of the window.
const WINDOW: u32 = u128::BITS;

/// One stream's packets as they come off the wire, without repairs. Pure.
#[derive(Debug)]
pub struct Arrivals {
    /// Of the RTP clock, in Hz.
    rate: u32,
    sequences: Unwrapper,
    first: i64,
    newest: Option<i64>,
    /// Which of the packets up to the newest have come: bit `n` for `n` before it.
    seen: u128,
    received: u64,
    /// RTP time and arrival of the newest packet of another RTP time than the one before.
    timed: Option<(u32, Instant)>,
    jitter: Option<f64>,
    /// Expected and received at the last report.
    reported: (u64, u64),
}

impl Arrivals {
    /// Of a stream whose RTP clock runs at `rate`.
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            sequences: Unwrapper::default(),
            first: 0,
            newest: None,
            seen: 0,
            received: 0,
            timed: None,
            jitter: None,
            reported: (0, 0),
        }
    }

    /// Whether it is of a stream whose RTP clock runs at `rate`.
    pub fn is_of(&self, rate: u32) -> bool {
        self.rate == rate.max(1)
    }

    /// A packet came off the wire.
    pub fn on_packet(&mut self, sequence: u16, timestamp: u32, now: Instant) {
        let at = self.sequences.sequence(sequence);
        let Some(newest) = self.newest else {
            (self.first, self.newest, self.seen, self.received) = (at, Some(at), 1, 1);
            self.timed = Some((timestamp, now));
            return;
        };
        if at > newest {
            let ahead = u32::try_from(at - newest).unwrap_or(WINDOW);
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.newest = Some(at);
            self.received += 1;
            self.time(timestamp, now);
        } else if at >= self.first
            && let Ok(behind) = u32::try_from(newest - at)
            && let Some(bit) = 1_u128.checked_shl(behind)
            && self.seen & bit == 0
        {
            self.seen |= bit;
            self.received += 1;
        }
    }

    /// RFC 3550 appendix A.8. The packets of one picture have one RTP time and are spread by the sender: the first counts.
    fn time(&mut self, timestamp: u32, now: Instant) {
        let Some((before, then)) = self.timed else { return };
        let ticks = timestamp.wrapping_sub(before).cast_signed();
        if ticks == 0 {
            return;
        }
        self.timed = Some((timestamp, now));
        let step =
            now.saturating_duration_since(then).as_secs_f64() * f64::from(self.rate) - f64::from(ticks);
        if step.abs() < STEP_MAX.as_secs_f64() * f64::from(self.rate) {
            let jitter = self.jitter.unwrap_or(0.0);
            self.jitter = Some(jitter + (step.abs() - jitter) / 16.0);
        }
    }

    /// Packets that the stream consists of, from the first that came to the newest.
    pub fn expected(&self) -> u64 {
        self.newest.and_then(|newest| u64::try_from(newest - self.first + 1).ok()).unwrap_or(0)
    }

    /// Those of them that did not come.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// In ticks of the stream's clock; unknown before the second picture or packet of sound.
    pub fn jitter(&self) -> Option<f64> {
        self.jitter
    }

    /// The same as time.
    pub fn jitter_time(&self) -> Option<Duration> {
        Some(Duration::from_secs_f64(self.jitter? / f64::from(self.rate)))
    }

    /// The highest sequence number, widened to 32 bits as a report has it.
    pub fn newest(&self) -> u32 {
        // Modulo 2^32: what a report holds.
        self.newest.unwrap_or(0) as u32
    }

    /// The part lost since this was asked last, in 256ths; absent where nothing was due.
    pub fn take_loss(&mut self) -> Option<u8> {
        let now = (self.expected(), self.received);
        let (expected, received) = (now.0 - self.reported.0, now.1 - self.reported.1);
        self.reported = now;
        let lost = expected.saturating_sub(received);
        (expected > 0).then(|| u8::try_from(lost * 256 / expected).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
        Instant::now()
    }

    /// Packets of 20 ms of sound, by number and by how late they come.
    fn arrivals(packets: impl IntoIterator<Item = (u16, u64)>) -> Arrivals {
        let (t0, mut arrivals) = (start(), Arrivals::new(48_000));
        for (n, late_ms) in packets {
            let number = n.wrapping_add(65_530);
            // RTP time wraps on the way.
            let rtp = u32::MAX.wrapping_sub(9_600).wrapping_add(u32::from(n) * 960);
            arrivals.on_packet(number, rtp, t0 + Duration::from_millis(u64::from(n) * 20 + late_ms));
        }
        arrivals
    }

    #[test]
    fn what_comes_in_step_has_no_loss_and_no_jitter_across_both_wraps() {
        let mut steady = arrivals((0..100).map(|n| (n, 0)));
        assert_eq!((steady.expected(), steady.lost(), steady.take_loss()), (100, 0, Some(0)));
        assert!(steady.jitter_time().unwrap() < Duration::from_micros(1));
    }

    #[test]
    fn a_loss_counts_until_the_packet_comes_after_all_and_a_duplicate_never() {
        let mut some = arrivals([(0, 0), (1, 0), (3, 0), (4, 0), (4, 1), (7, 0)]);
        assert_eq!((some.expected(), some.lost()), (8, 3));
        assert_eq!(some.take_loss(), Some(96));
        assert_eq!(some.take_loss(), None, "nothing was due since");
        assert_eq!(arrivals([(0, 0), (2, 0), (1, 50), (3, 0)]).lost(), 0);
    }

    #[test]
    fn jitter_is_the_mean_step_between_transit_times() {
        let uneven = arrivals((0..400).map(|n| (n, if n % 2 == 0 { 0 } else { 8 })));
        let jitter = uneven.jitter_time().unwrap();
        assert!(jitter.abs_diff(Duration::from_millis(8)) < Duration::from_micros(50), "{jitter:?}");
    }

    #[test]
    fn a_sender_that_sets_its_clock_makes_no_jitter() {
        let (t0, mut arrivals) = (start(), Arrivals::new(90_000));
        for (n, rtp) in [(0, 0), (1, 3_000), (2, 900_000_000), (3, 900_003_000)] {
            arrivals.on_packet(n, rtp, t0 + Duration::from_nanos(33_333_333 * u64::from(n)));
        }
        assert!(arrivals.jitter_time().unwrap() < Duration::from_millis(1));
    }
}
