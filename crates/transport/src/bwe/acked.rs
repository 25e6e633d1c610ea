//! How fast packets arrive at the peer: samples over a window, weighed by how far each is to be believed.
//!
//! The window is long at first, then short; a sample far from what is known moves the estimate less, unless more of the
//! same follows (libwebrtc's `BitrateEstimator`).
use std::time::Duration;

/// Over how long the first sample is taken, and each later one.
const WINDOWS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(150));
/// How far a sample is doubted for its distance from the estimate, in parts of the larger of both: of the estimate, high
/// ones would be doubted more than low ones, and few packets look like less than they are. More so where little is sent.
const DOUBT: f64 = 10.0;
const DOUBT_WHILE_IDLE: f64 = 20.0;
/// What the estimate's variance grows by with every sample: the path changes meanwhile.
const DRIFT: f64 = 5.0;
/// Added where a change is expected.
const CHANGE: f64 = 200.0;
/// The variance of the first sample.
const VARIANCE_FIRST: f64 = 50.0;

/// The estimator. Times are the peer's.
#[derive(Debug, Default)]
pub(super) struct Acked {
    window: Option<(Duration, Duration)>,
    bytes: usize,
    /// In kbit/s, and its variance.
    estimate: Option<(f64, f64)>,
}

impl Acked {
    /// Takes in an arrival; `idle` where the application sends less than it may.
    pub fn on_packet(&mut self, arrival: Duration, size: usize, idle: bool) {
        let (start, latest) = *self.window.get_or_insert((arrival, arrival));
        let latest = latest.max(arrival);
        self.window = Some((start, latest));
        let span = latest.saturating_sub(start);
        let wanted = if self.estimate.is_none() { WINDOWS.0 } else { WINDOWS.1 };
        if span >= wanted {
            // A pause of more than a window is no rate: it ends one and begins another.
            if span < wanted * 2 {
                self.sample(self.bytes as f64 * 8.0 / span.as_secs_f64() / 1_000.0, idle);
            }
            (self.window, self.bytes) = (Some((latest, latest)), 0);
        }
        self.bytes += size;
    }

    /// A change is coming: the application begins to send more.
    pub fn expect_change(&mut self) {
        if let Some((_, variance)) = &mut self.estimate {
            *variance += CHANGE;
        }
    }

    /// In bit/s; `None` until the first window is full.
    pub fn bps(&self) -> Option<f64> {
        self.estimate.map(|(kbps, _)| kbps * 1_000.0)
    }

    fn sample(&mut self, kbps: f64, idle: bool) {
        let Some((estimate, variance)) = self.estimate else {
            self.estimate = Some((kbps, VARIANCE_FIRST));
            return;
        };
        let doubt = if idle && kbps < estimate { DOUBT_WHILE_IDLE } else { DOUBT };
        let deviation = doubt * (estimate - kbps).abs() / estimate.max(kbps).max(1.0);
        let (known, sampled) = (variance + DRIFT, deviation * deviation);
        let mixed = (sampled * estimate + known * kbps) / (sampled + known);
        self.estimate = Some((mixed, sampled * known / (sampled + known)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(acked: &mut Acked, from_ms: u64, to_ms: u64, bps: f64) {
        let gap_ms = (1_200.0 * 8.0 / bps * 1_000.0).max(1.0);
        let mut at = from_ms as f64;
        while at < to_ms as f64 {
            acked.on_packet(Duration::from_secs_f64(at / 1_000.0), 1_200, false);
            at += gap_ms;
        }
    }

    #[test]
    fn a_steady_stream_has_its_rate() {
        let mut acked = Acked::default();
        feed(&mut acked, 0, 400, 1e6);
        assert_eq!(acked.bps(), None);
        feed(&mut acked, 400, 3_000, 1e6);
        let bps = acked.bps().unwrap();
        assert!((bps / 1e6 - 1.0).abs() < 0.08, "{bps}");
    }

    #[test]
    fn a_lasting_change_is_believed_within_two_seconds() {
        for (before, after) in [(2e6, 0.5e6), (0.5e6, 2e6)] {
            let mut acked = Acked::default();
            feed(&mut acked, 0, 4_000, before);
            feed(&mut acked, 4_000, 6_000, after);
            let bps = acked.bps().unwrap();
            assert!((bps / after - 1.0).abs() < 0.15, "{before} to {after}: {bps}");
        }
    }

    #[test]
    fn a_pause_is_no_rate() {
        let mut acked = Acked::default();
        feed(&mut acked, 0, 2_000, 1e6);
        feed(&mut acked, 12_000, 12_400, 1e6);
        assert!(acked.bps().unwrap() > 0.9e6);
    }
}
