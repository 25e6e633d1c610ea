//! Whether a loss would stop the picture for long enough for two chains of pictures ([`crate::send::Chains`]) to be worth
//! their price. Pictures of more than one packet are better protected by parity, which is the transport's.
use crate::send::VideoTarget;
use std::time::Duration;

/// How much one report counts in the mean of losses, and what is assumed before the first: on a path so long that it
/// matters, the first losses are the worst.
const LOSS_WEIGHT: f64 = 0.15;
const LOSS_ASSUMED: f64 = 0.01;
/// From this loss on; and until it is below that part of it.
const LOSS_LEAST: f64 = 0.003;
/// A repair takes a round trip. One shorter than this hardly stops the picture.
const RTT_LEAST: Duration = Duration::from_millis(150);
/// What is on stays on within so much more or less.
const HYSTERESIS: f64 = 0.7;
/// Packets of a picture, at most, on average.
const PACKETS_MOST: f64 = 1.3;
/// Payload of a packet, in bits.
const PACKET_BITS: f64 = 1_170.0 * 8.0;

/// What is known of the path.
#[derive(Debug, Clone)]
pub(super) struct Parting {
    is_allowed: bool,
    rtt: Duration,
    loss: f64,
    is_on: bool,
}

impl Default for Parting {
    fn default() -> Self {
        Self { is_allowed: false, rtt: Duration::ZERO, loss: LOSS_ASSUMED, is_on: false }
    }
}

impl Parting {
    /// Whether the peer can go on with one of them.
    pub fn allow(&mut self, allowed: bool) {
        self.is_allowed = allowed;
    }

    pub fn set_round_trip(&mut self, rtt: Option<Duration>) {
        self.rtt = rtt.unwrap_or(self.rtt);
    }

    pub fn set_loss(&mut self, loss: f64) {
        self.loss += LOSS_WEIGHT * (loss - self.loss);
    }

    /// Decides, where pictures are to be sent like that.
    pub fn update(&mut self, target: Option<VideoTarget>) {
        let slack = if self.is_on { HYSTERESIS } else { 1.0 };
        let packets = target.map_or(0.0, |target| {
            f64::from(target.bitrate_bps) / f64::from(target.max_fps.max(1)) / PACKET_BITS
        });
        self.is_on = self.is_allowed
            && self.rtt >= RTT_LEAST.mul_f64(slack)
            && self.loss >= LOSS_LEAST * slack
            && packets <= PACKETS_MOST / slack;
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }
}
