//! What the link is known to carry: what arrived whenever a queue grew, with how far these figures scatter.
//!
//! libwebrtc's `LinkCapacityEstimator`.

/// Weight of a sample from a queue that grew, and from a probe.
const WEIGHT: f64 = 0.05;
const WEIGHT_PROBE: f64 = 0.5;
/// Bounds of the variance, relative to the estimate, in kbit/s.
const VARIANCE: (f64, f64) = (0.4, 2.5);
/// Samples this many deviations away are of another path.
const DEVIATIONS: f64 = 3.0;

/// Exponential averages, in kbit/s.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Capacity {
    estimate: Option<f64>,
    variance: f64,
}

impl Capacity {
    /// What arrived when a queue grew, in bit/s.
    pub fn on_queue(&mut self, bps: f64) {
        self.update(bps / 1_000.0, WEIGHT);
    }

    /// What a probe found, in bit/s.
    pub fn on_probe(&mut self, bps: f64) {
        self.update(bps / 1_000.0, WEIGHT_PROBE);
    }

    /// Forgets: the path has changed.
    pub fn reset(&mut self) {
        self.estimate = None;
    }

    /// In bit/s, where known.
    pub fn bps(&self) -> Option<f64> {
        self.estimate.map(|kbps| kbps * 1_000.0)
    }

    /// The bounds within which a rate is one of this link, in bit/s.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let kbps = self.estimate?;
        let room = DEVIATIONS * (self.variance * kbps).sqrt();
        Some(((kbps - room).max(0.0) * 1_000.0, (kbps + room) * 1_000.0))
    }

    fn update(&mut self, sample: f64, weight: f64) {
        let Some(estimate) = self.estimate else {
            (self.estimate, self.variance) = (Some(sample), VARIANCE.0);
            return;
        };
        let mixed = (1.0 - weight) * estimate + weight * sample;
        let off = (mixed - sample).powi(2) / mixed.max(1.0);
        self.variance = ((1.0 - weight) * self.variance + weight * off).clamp(VARIANCE.0, VARIANCE.1);
        self.estimate = Some(mixed);
    }
}
