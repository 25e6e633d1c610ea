//! How much the path carries: a target bitrate from what became of each packet.
//!
//! ```text
//! Outcome --+--> Feedback ---> late? silence? -------------------> window
//!           +--> Trendline --> a queue? --> RateControl --.         ^
//!           +--> Acked ------> what arrives -----^        +--> min --> target
//!           +--> LossControl -----------------------------'
//!           '--> Evaluator --> found --> RateControl, Prober --> next train
//! ```
//! After Google's congestion control (draft-ietf-rmcat-gcc-02) as libwebrtc has developed it. The one built into rtc
//! cannot see a queue (measured: a 1 Mbit/s link is overfilled until audio is 90 s late).
mod acked;
mod blind;
mod cadence;
mod capacity;
mod feedback;
mod idle;
mod limit;
mod longer;
mod loss;
mod probe;
mod rate;
mod standing;
mod trendline;
mod window;

use crate::send::{Outcome, Sent, Waits};
use acked::Acked;
pub use blind::Blind;
use feedback::Feedback;
use idle::Idle;
use limit::Limit;
use longer::Longer;
use loss::{LossControl, Queue};
pub use probe::Cluster;
use probe::{Confirmed, Evaluator, Found, Prober};
use rate::{Known, RateControl};
use standing::Standing;
use std::{
    ops::Range,
    time::{Duration, Instant},
};
use trendline::Trendline;

/// Least that is ever asked for: audio alone survives on it, in bit/s.
pub const MIN_BPS: f64 = 16_000.0;
/// Most that is ever asked for, in bit/s: enough for 1280x720 at 30 pictures a second.
pub const MAX_BPS: f64 = 2_500_000.0;
/// What a connection starts with, in bit/s; probes find out at once how much more there is.
pub const START_BPS: f64 = 300_000.0;
/// After a longer silence the path may be another one; after a shorter one it is the same, and what is known of it holds.
const SILENCE_LONG: Duration = Duration::from_secs(2);
/// What is kept of the target when a cut path comes back.
const AFTER_SILENCE: f64 = 0.5;
/// A path that loses more than this by itself is a lossy one.
const LOSSY: f64 = 0.02;
/// Within these bounds of loss a repair is worth two copies; with more, three times as many repairs would wait for one
/// another.
const LOSSY_ENOUGH: Range<f64> = 0.07..0.17;
/// A way that is so much shorter than it was is another one, or carries more.
const GAINED: Duration = Duration::from_millis(8);
/// A silence so soon after another one was none of a path that is cut.
const AGAIN: Duration = Duration::from_secs(10);
/// So many packets show at which rate they arrive.
const ARRIVED: usize = 5;
/// Of the target, where a queue does not drain though it was cut.
const STILL_TOO_MUCH: f64 = 0.999;
/// The target by delay leads the one by loss by this factor at most.
const UNTESTED: f64 = 1.5;

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

/// What feedback has shown.
#[derive(Debug, Default)]
struct Seen {
    over: bool,
    /// By a train of packets.
    found: Option<Found>,
}

/// The estimator: pure, time is an argument.
#[derive(Debug, Default)]
pub struct Estimator {
    acked: Acked,
    feedback: Feedback,
    /// Whether padding can fill the target.
    fills: bool,
    idle: Idle,
    limit: Limit,
    trendline: Trendline,
    rate: RateControl,
    loss: LossControl,
    prober: Prober,
    evaluator: Evaluator,
    /// When the last silence ended.
    returned: Option<Instant>,
    /// What packets do just now, as far as is known.
    usage: Usage,
    standing: Standing,
    longer: Longer,
    /// Whether the way is a longer one than was known.
    lengthened: bool,
    /// Whether the path seems to carry more than before, which no probe has looked into yet.
    gained: bool,
    /// By any train, in bit/s.
    most_found: f64,
    /// When a silence ended last, whatever it was.
    silent_last: Option<Instant>,
    confirmed: Confirmed,
}

impl Estimator {
    /// What to send, audio and video together, in bit/s.
    #[must_use]
    pub fn target(&self) -> f64 {
        self.rate.target().min(self.loss.limit()).clamp(MIN_BPS, MAX_BPS)
    }

    /// What the path was seen to carry, where a queue has shown it, in bit/s. Where packets are lost anyway, few of them look
    /// slower than the path is.
    #[must_use]
    pub fn capacity(&self) -> Option<f64> {
        self.rate.capacity().filter(|_| !self.is_lossy())
    }

    /// How much may be under way before video is held back, in bytes.
    #[must_use]
    pub fn window(&self) -> usize {
        self.feedback.window(self.target(), self.is_lossy())
    }

    /// Whether feedback is overdue, held up in a queue like what it is to tell of: no time for more video.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.feedback.is_overdue()
    }

    /// Whether nothing was heard for so long that the path must be cut.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.feedback.is_silent()
    }

    /// Whether the peer tells of packets less often than most do.
    #[must_use]
    pub fn is_told_seldom(&self) -> bool {
        self.feedback.is_seldom()
    }

    /// Whether the path loses packets whatever is sent.
    #[must_use]
    pub fn is_lossy(&self) -> bool {
        self.loss.inherent() > LOSSY
    }

    /// What was lost of the last seconds' packets, 0 to 1; `None` where nothing is known yet.
    #[must_use]
    pub fn loss(&self) -> Option<f64> {
        self.loss.average()
    }

    /// How many more times a repair is to be sent, since it may be lost as well.
    #[must_use]
    pub fn copies(&self) -> u32 {
        match self.loss.inherent() {
            loss if loss <= LOSSY => 0,
            loss if LOSSY_ENOUGH.contains(&loss) => 2,
            _ => 1,
        }
    }

    /// The next train of packets to send.
    pub fn take_probe(&mut self) -> Option<Cluster> {
        let cluster = self.prober.take()?;
        self.evaluator.expect(cluster);
        Some(cluster)
    }

    /// Media begin to flow.
    pub fn begin(&mut self, now: Instant) {
        if self.feedback.begin(now) {
            self.prober.begin(now, self.target());
        }
    }

    /// Says whether padding can fill the target.
    pub fn set_fills(&mut self, fills: bool) {
        self.fills = fills;
    }

    /// Takes in a packet that leaves.
    pub fn on_sent(&mut self, sent: &Sent) {
        let was_idle = self.idle.since().is_some();
        self.idle.on_sent(sent.at, sent.size, self.target());
        if was_idle && self.idle.since().is_none() {
            self.acked.expect_change();
        }
    }

    /// Takes in what became of packets, and what they tell of their way; `rtt` is a round trip without queues.
    pub fn on_feedback(&mut self, now: Instant, outcomes: &[Outcome], rtt: Option<Duration>, waits: Waits) {
        self.gained |= waits.gained >= GAINED;
        if let Some(silence) = self.feedback.on_feedback(now, outcomes, rtt) {
            self.on_return(now, silence, waits.queued, outcomes);
        }
        let idle = self.idle.since().is_some();
        let Seen { over, found } = self.take_in(outcomes, idle);
        let before = self.rate.target();
        let stands = self.standing.on_wait(now, waits.queued);
        let usage = if over || stands { Usage::Over } else { self.trendline.usage() };
        self.usage = usage;
        let acked = self.acked.bps();
        let limit = self.carries(now, over, stands);
        self.rate.update(now, usage, Known { acked, rtt: self.feedback.rtt(), limit, fills: self.fills });
        self.look_for_more(now, before, usage, found);
        self.look_for_a_longer_way(now, waits.queued);
        let (is_long, has_been) = (self.standing.is_long(), self.standing.has_been(now));
        let queue = Queue { is_long, has_been, arriving: self.limit.arriving() };
        self.loss.update(now, self.rate.target(), acked, idle, queue);
        // While losses set the limit, a higher one is not put to the test.
        self.rate.lower(now, self.loss.limit() * UNTESTED);
    }

    /// Whether the way has become longer, so that what was known of its length does not hold; says so once.
    pub fn take_lengthened(&mut self) -> bool {
        std::mem::take(&mut self.lengthened)
    }

    /// When media began to flow, where nothing was heard ever since.
    #[must_use]
    pub fn never_heard_since(&self) -> Option<Instant> {
        self.feedback.never_heard_since()
    }

    /// Whether no queue grows, as far as is known.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.usage == Usage::Normal && !self.is_silent()
    }

    /// The time is `now`; of so many packets nothing was heard, the oldest of which left then.
    pub fn on_tick(&mut self, now: Instant, waiting: Option<(Instant, usize)>) {
        self.feedback.on_tick(now, waiting, self.is_lossy());
        let clear = self.is_clear();
        self.prober.on_tick(now, self.target(), self.idle.since(), clear);
    }

    /// The first word after so much silence.
    fn on_return(&mut self, now: Instant, silence: Duration, queued: Duration, outcomes: &[Outcome]) {
        (self.trendline, self.limit) = (Trendline::default(), Limit::default());
        self.standing.on_silence();
        let is_long = silence > SILENCE_LONG;
        // Where packets come late, or it happens again and again, it was no cut but a long queue, whose losses count.
        let again = self.silent_last.replace(now).is_some_and(|at| now.saturating_duration_since(at) < AGAIN);
        let has_queue = again || standing::is_long(queued);
        if !has_queue {
            self.returned = Some(now);
        }
        if is_long && !has_queue {
            self.loss = LossControl::default();
        }
        if self.idle.since().is_none() && (is_long || has_queue) {
            self.rate.lower(now, self.rate.target() * AFTER_SILENCE);
        }
        if has_queue && let Some(arrived) = arrived(outcomes) {
            self.rate.lower(now, arrived);
        }
        self.prober.on_cut(now, self.acked.bps().unwrap_or(0.0));
    }

    /// Gives every part what became of packets.
    fn take_in(&mut self, outcomes: &[Outcome], idle: bool) -> Seen {
        let mut seen = Seen::default();
        for outcome in outcomes {
            // What was sent into a cut was lost by that, and tells nothing of the path that has come back.
            if self.returned.is_none_or(|at| outcome.sent.at > at) {
                self.loss.on_outcome(outcome);
            }
            if let Some(arrival) = outcome.arrival {
                self.acked.on_packet(arrival, outcome.sent.size, idle);
                self.limit.on_packet(&outcome.sent, arrival);
                seen.over |= self.trendline.on_packet(outcome.sent.at, arrival) == Some(Usage::Over);
            }
            if let Some(new) = self.evaluator.on_outcome(outcome) {
                self.most_found = self.most_found.max(new.bps);
                seen.found = Some(new);
            }
        }
        seen
    }

    /// What the path is seen to carry while it carries too much, in bit/s.
    fn carries(&self, now: Instant, over: bool, stands: bool) -> Option<f64> {
        let acked = self.acked.bps();
        if stands {
            // The mean is over what came before, and slow where little is sent. And where a cut a moment ago has not
            // helped, an encoder sends more than it is told to.
            let has_cut = self.rate.has_cut_since(now, standing::CUT_LATELY);
            let lower = has_cut.then_some(self.rate.target() * STILL_TOO_MUCH);
            acked.into_iter().chain(self.limit.arriving()).chain(lower).min_by(f64::total_cmp)
        } else if over {
            // Where packets are lost anyway, few of them look slower than the path is: the longer mean knows better.
            let least = acked.filter(|_| self.is_lossy()).unwrap_or(0.0);
            self.limit.bps(self.target()).map(|limit| limit.max(least))
        } else {
            None
        }
    }

    /// Takes back what a longer way was answered with.
    fn look_for_a_longer_way(&mut self, now: Instant, wait: Duration) {
        let Some(arriving) = self.limit.arriving() else {
            self.longer = Longer::default();
            return;
        };
        if let Some(carried) = self.longer.on_wait(now, wait, arriving, self.loss.loses()) {
            self.lengthened = true;
            (self.trendline, self.limit) = (Trendline::default(), Limit::default());
            (self.standing, self.usage) = (Standing::default(), Usage::Normal);
            self.rate.on_probe(now, carried.max(self.rate.target()));
        }
    }

    /// Goes by what probes have found, and says where to probe next.
    fn look_for_more(&mut self, now: Instant, before: f64, usage: Usage, found: Option<Found>) {
        if self.rate.target() < before {
            self.prober.on_cut(now, self.acked.bps().unwrap_or(0.0));
        } else if let Some(found) = found.filter(|_| usage != Usage::Over) {
            self.on_probe(now, found);
        }
        if self.gained && usage != Usage::Over {
            self.gained = !self.prober.on_gain(now, self.target());
        }
        self.gained &= self.rate.target() >= before;
    }

    fn on_probe(&mut self, now: Instant, Found { id, bps, sure_bps, whole }: Found) {
        let target = self.rate.target();
        let twice = self.confirmed.add(now, id, bps);
        let sure_bps = twice.map_or(sure_bps, |twice| twice.max(sure_bps));
        self.prober.on_result(now, id, bps, sure_bps, target);
        if sure_bps > target {
            self.rate.on_probe(now, sure_bps);
        } else if bps <= target && whole && Prober::ends_beginning(id) && !self.rate.has_cut() {
            // What a connection begins with is a guess, and too much for this path. An earlier train that looked faster
            // was not sure enough to raise it.
            self.rate.on_probe(now, self.most_found.min(target));
        }
        // Later, a train that found less than we send already was hurt by what we send.
    }
}

/// The rate at which packets came out of a queue, in bit/s.
fn arrived(outcomes: &[Outcome]) -> Option<f64> {
    let came = || outcomes.iter().filter_map(|outcome| outcome.arrival.map(|at| (at, outcome.sent.size)));
    let (first, last) = (came().map(|(at, _)| at).min()?, came().map(|(at, _)| at).max()?);
    let bytes: usize = came().filter(|(at, _)| *at > first).map(|(_, size)| size).sum();
    let span = last.saturating_sub(first);
    (came().count() >= ARRIVED && !span.is_zero()).then(|| bytes as f64 * 8.0 / span.as_secs_f64())
}

#[cfg(test)]
mod tests;
