//! A path by two figures, and how likely it makes what was observed.
use super::observation::{Observation, Observations};

/// Bounds of the path's own loss: the upper one is the second plus the third divided by the bandwidth.
const INHERENT_MIN: f64 = 1e-3;
const INHERENT_MAX: f64 = 0.05;
const INHERENT_BPS: f64 = 150_000.0;
const INHERENT_FIRST: f64 = 0.01;
/// Part of Newton's step that is taken.
const STEP: f64 = 0.75;
/// How much a higher bandwidth is preferred where losses do not speak against it, by kbit/s and by its logarithm.
const BIAS: f64 = 0.0002;
const BIAS_LOG: f64 = 0.02;
/// Loss beyond the path's own at which the preference turns, and how sharply.
const BIAS_LOSS: f64 = 0.05;
const BIAS_SHARPNESS: f64 = 0.1;

/// What a path does to packets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model {
    /// Part that it loses whatever is sent.
    pub inherent: f64,
    /// What it carries; of more, the surplus is lost. In bit/s.
    pub bandwidth: f64,
}

impl Model {
    pub fn new(bandwidth: f64) -> Self {
        Self { inherent: INHERENT_FIRST, bandwidth }
    }

    /// With the loss of its own under which, at this bandwidth, the observations are likelier: one step of Newton's.
    pub fn fitted(mut self, observations: &Observations) -> Self {
        let (first, second) = observations.weighted().fold((0.0, 0.0), |(first, second), (weight, o)| {
            let p = self.loss(o);
            let slope = o.lost / p - o.arrived / (1.0 - p);
            let bend = o.lost / (p * p) + o.arrived / ((1.0 - p) * (1.0 - p));
            (first + weight * slope, second - weight * bend)
        });
        if second < 0.0 {
            self.inherent -= STEP * first / second;
        }
        let most = (INHERENT_MAX + INHERENT_BPS / self.bandwidth.max(1.0)).min(1.0);
        self.inherent = self.inherent.clamp(INHERENT_MIN, most);
        self
    }

    /// Logarithm of the observations' likelihood, with the preference for a higher bandwidth; `loss` is their average.
    pub fn likelihood(&self, observations: &Observations, loss: f64) -> f64 {
        // libwebrtc's turns at 5 % whatever the path loses by itself, and so never grows on one that loses 10 %.
        let room = self.inherent + BIAS_LOSS - loss;
        let turn = room / (BIAS_SHARPNESS + room.abs());
        let kbps = self.bandwidth / 1_000.0;
        let bias = turn * (BIAS * kbps + BIAS_LOG * (1.0 + kbps).ln());
        let terms = observations.weighted().map(|(weight, o)| {
            let p = self.loss(o);
            weight * (o.lost * p.ln() + o.arrived * (1.0 - p).ln() + bias * o.all())
        });
        terms.sum()
    }

    /// Part of the packets that this path would have lost then.
    fn loss(&self, observation: &Observation) -> f64 {
        let surplus = (1.0 - self.bandwidth / observation.sent_bps).max(0.0);
        (self.inherent + (1.0 - self.inherent) * surplus).clamp(1e-6, 1.0 - 1e-6)
    }
}
