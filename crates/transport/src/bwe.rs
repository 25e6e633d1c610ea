//! How much the path carries: a target bitrate from transport-wide feedback.
//!
//! ```text
//! PacketReport --+--> Throughput -----------------------.
//!                +--> Trendline --> overuse? --> RateControl --> min --> target
//!                '--> LossControl ----------------------'
//! ```
//! After Google's congestion control (draft-ietf-rmcat-gcc-02, with the trendline filter that libwebrtc put in place of
//! the Kalman filter): queues are seen growing before they overflow. The built-in one cannot see a queue (measured:
//! a 1 Mbit/s link is overfilled until audio is 90 s late). Probing and the use of a link's known capacity are to come.
mod loss;
mod rate;
mod throughput;
mod trendline;

use loss::LossControl;
use rate::{RateControl, Rates};
use rtc::interceptor::{BandwidthEstimator, PacketReport};
use std::time::{Duration, Instant};
use throughput::Throughput;
use trendline::Trendline;

use crate::{Event, EventSink, stats::SharedStats};

/// Least that is ever asked for: audio alone survives on it, in bit/s.
pub const MIN_BPS: f64 = 30_000.0;
/// Most that is ever asked for, in bit/s: enough for 1280x720 at 30 pictures a second.
pub const MAX_BPS: f64 = 2_500_000.0;
/// What a connection starts with, in bit/s: a readable picture, and no flood on a narrow link.
pub const START_BPS: f64 = 500_000.0;
/// Changes smaller than this are not worth a word to the encoder.
const NOTABLE: f64 = 0.02;
/// Longest time between two words, so that small changes do not add up unsaid.
const SAY_EVERY: Duration = Duration::from_secs(1);

/// What the path does to our packets, by the delay that they pick up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Usage {
    /// Delays stay as they are.
    #[default]
    Normal,
    /// A queue grows.
    Over,
    /// A queue drains.
    Under,
}

/// The estimator, as rtc's congestion control slot takes it.
pub struct Estimator {
    sent: Throughput,
    acked: Throughput,
    epoch: Option<Instant>,
    trendline: Trendline,
    rate: RateControl,
    loss: LossControl,
    said: Option<(f64, Instant)>,
    sink: EventSink,
    stats: SharedStats,
}

impl Estimator {
    /// Says each notable change of the target to `sink`.
    pub fn new(sink: EventSink, stats: SharedStats) -> Self {
        Self {
            sent: Throughput::default(),
            acked: Throughput::default(),
            epoch: None,
            trendline: Trendline::default(),
            rate: RateControl::new(START_BPS),
            loss: LossControl::new(),
            said: None,
            sink,
            stats,
        }
    }

    fn target(&self) -> f64 {
        self.rate.target().min(self.loss.limit()).clamp(MIN_BPS, MAX_BPS)
    }

    fn say(&mut self, now: Instant) {
        let target = self.target();
        let notable = self.said.is_none_or(|(said, at)| {
            let change = (target - said).abs() / said;
            change >= NOTABLE || (change > 0.0 && now.saturating_duration_since(at) >= SAY_EVERY)
        });
        if notable {
            self.said = Some((target, now));
            let bps = target as u64;
            self.stats.update(|s| s.target_bps = Some(bps));
            (self.sink)(Event::TargetBitrate(bps));
        }
    }
}

impl BandwidthEstimator for Estimator {
    fn on_reports(&mut self, now: Instant, reports: &[PacketReport]) {
        let mut overused = false;
        for report in reports {
            let epoch = *self.epoch.get_or_insert(report.departure);
            self.sent.on_packet(report.departure.saturating_duration_since(epoch), report.size);
            self.loss.on_packet(report.arrived);
            if let Some(arrival) = report.arrival {
                self.acked.on_packet(arrival, report.size);
                overused |= self.trendline.on_packet(report.departure, arrival) == Some(Usage::Over);
            }
        }
        let rates = Rates { sent: self.sent.bps(), acked: self.acked.bps() };
        let rtt = self.stats.get().rtt;
        let usage = if overused { Usage::Over } else { self.trendline.usage() };
        self.rate.update(now, usage, rates, rtt);
        self.loss.update(now, self.rate.target());
        self.say(now);
    }

    fn target_bitrate(&self) -> f64 {
        self.target()
    }
}

#[cfg(test)]
mod tests;
