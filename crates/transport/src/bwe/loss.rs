//! The target by loss: what the path would have to carry for the losses that were seen to be the likeliest.
//!
//! A path loses packets because it just does (radio), or because more is sent than it carries. [`Model`] has a figure for
//! each; among a few candidates the one is taken under which the last seconds are most likely (maximum likelihood, as in
//! libwebrtc's `LossBasedBweV2`). Unlike "more than 10 % is too much" this neither starves on a path that loses a fifth
//! of everything nor floods one that loses what is too much.
mod model;
mod observation;

use super::{LOSSY, MAX_BPS, MIN_BPS};
use crate::send::Outcome;
use model::Model;
use observation::{Observation, Observations};
use std::time::{Duration, Instant};

/// Candidates, as multiples of what is believed at present.
const FACTORS: [f64; 3] = [1.02, 1.0, 0.95];
/// Steps in which a path's own loss is fitted while observations are few: one step takes seconds to believe in a lossy
/// path, and what it lost is taken for a limit meanwhile.
const STEPS_FIRST: usize = 4;
/// What arrives is a candidate too, but no less than this part of what is believed: where little was sent, little arrives.
const FALL: f64 = 0.5;
/// After a cut the limit grows no faster than by this factor in this time.
const GROWTH: (f64, Duration) = (1.3, Duration::from_secs(1));
/// Loss beyond the path's own that is no accident: a factor, and what is added.
const NEWS: (f64, f64) = (1.1, 0.01);
/// This part lost beyond the path's own is a collapse, of so many packets; of more where the path is lossy, perhaps in
/// bursts.
const COLLAPSE: f64 = 0.5;
const COLLAPSE_PACKETS: (f64, f64) = (15.0, 40.0);
/// A path that carries less than this has a queue: where packets do not wait, losses set no lower limit, in bit/s. Of so
/// few packets, losses that come in bursts are easily taken for a limit.
const UNQUEUED_BPS: f64 = 100_000.0;
/// Loss up to which nothing is limited at once.
const OFFSET: f64 = 0.05;
/// With more loss than that, the limit is this rate divided by the excess, or less, in bit/s.
const INSTANT_BPS: f64 = 150_000.0;

/// Where more than this is lost for whole seconds, no path is worth believing in that does so by itself: the limit falls to
/// what arrives for a while, to see whether less is lost then. So often at most, and half as often after each time that it
/// was not.
const TOO_MUCH: f64 = 0.5;
/// Likewise where no more than this arrives, in bit/s: such paths are rather thin than lossy.
const TOO_MUCH_OF_THIN: (f64, f64) = (0.3, 40_000.0);
const TRIAL_EVERY: Duration = Duration::from_secs(5);
const TRIAL_SELDOM: Duration = Duration::from_secs(40);
const TRIAL_FOR: Duration = Duration::from_secs(2);

/// What packets do that do not get lost: on a path that carries too little, they wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queue {
    /// The newest one has waited long.
    pub is_long: bool,
    /// One of the last seconds has waited notably.
    pub has_been: bool,
    /// What has arrived of late, in bit/s: what comes out of a long queue is what the path carries.
    pub arriving: Option<f64>,
}

/// Whether less is lost of less.
#[derive(Debug, Clone, Copy)]
struct Trial {
    at: Instant,
    /// What was lost before.
    loss: f64,
    /// Whether that is known by now.
    is_judged: bool,
    /// When to try again at the soonest.
    every: Duration,
}

/// The limit that losses set.
#[derive(Debug, Default)]
pub(super) struct LossControl {
    observations: Observations,
    model: Option<Model>,
    /// Up to where the limit may grow, and until when.
    growth: Option<(Instant, f64)>,
    limited: bool,
    trial: Option<Trial>,
}

impl LossControl {
    /// Takes in what became of a packet.
    pub fn on_outcome(&mut self, outcome: &Outcome) {
        // What was sent before a trial would judge it.
        if self.trial.is_some_and(|trial| outcome.sent.at < trial.at) {
            return;
        }
        self.observations.add(outcome);
    }

    /// In bit/s; infinite where losses limit nothing.
    pub fn limit(&self) -> f64 {
        match self.model {
            Some(model) if self.limited => model.bandwidth.max(MIN_BPS),
            Some(_) | None => f64::INFINITY,
        }
    }

    /// Part of the packets that the path loses by itself.
    pub fn inherent(&self) -> f64 {
        self.model.map_or(0.0, |model| model.inherent)
    }

    /// Part of the last seconds' packets that was lost, whatever by; `None` where nothing is known yet.
    pub fn average(&self) -> Option<f64> {
        self.observations.average_loss()
    }

    /// Whether more is lost than the path loses by itself.
    pub fn loses(&self) -> bool {
        self.observations.newest().is_some_and(|newest| is_news(newest.loss(), self.inherent()))
    }

    /// Judges anew where something new was observed. `delay_target` is what the path carries by its delay, `acked` what
    /// arrives, in bit/s; `queue` is what is known of the path's.
    pub fn update(&mut self, now: Instant, delay_target: f64, acked: Option<f64>, idle: bool, queue: Queue) {
        if !self.observations.take_news() {
            return;
        }
        let Some(loss) = self.observations.average_loss() else { return };
        let arrives = acked.filter(|_| !idle);
        if let Some(arrives) = arrives
            && self.try_less(now, loss, arrives)
        {
            return;
        }
        let model = self.model.unwrap_or(Model::new(delay_target));
        let before = self.limit().min(delay_target);
        let from = if self.limited { model.bandwidth } else { delay_target };
        let scaled = FACTORS.iter().map(|factor| factor * from);
        let acked = arrives.map(|acked| acked.max(from * FALL));
        let candidates = scaled.chain(acked).chain([delay_target]);
        let steps = if self.observations.are_few() { STEPS_FIRST } else { 1 };
        let judged = candidates.map(|bandwidth| {
            let fitted = (0..steps).fold(Model { bandwidth, ..model }, |m, _| m.fitted(&self.observations));
            (fitted.likelihood(&self.observations, loss), fitted)
        });
        let Some((_, mut best)) = judged.max_by(|(a, _), (b, _)| a.total_cmp(b)) else { return };
        // More loss than the path's own: no time to send more.
        if is_news(loss, best.inherent) && best.bandwidth > from {
            best.bandwidth = from;
        }
        if self.limited
            && let Some((until, most)) = self.growth
            && now < until
        {
            best.bandwidth = best.bandwidth.min(most);
        }
        let newest = self.observations.newest().filter(|_| queue.is_long);
        let collapsed = newest.and_then(|newest| carried(newest, model.inherent));
        let collapsed = collapsed.map(|bps| bps.max(queue.arriving.unwrap_or(0.0)));
        best.bandwidth = best.bandwidth.min(instant(loss)).min(collapsed.unwrap_or(f64::INFINITY));
        let least = if queue.has_been { MIN_BPS } else { UNQUEUED_BPS };
        best.bandwidth = best.bandwidth.clamp(least, MAX_BPS);
        if best.bandwidth < before {
            self.limited = true;
        } else if best.bandwidth >= delay_target {
            self.limited = false;
        }
        if self.limited && self.growth.is_none_or(|(until, _)| now >= until) {
            self.growth = Some((now + GROWTH.1, best.bandwidth * GROWTH.0));
        }
        self.model = Some(best);
    }
}

impl LossControl {
    /// Where more is lost than a path does by itself that is worth believing in: sends no more than arrives for a while, and
    /// judges anew by what is lost then. Says whether it does.
    fn try_less(&mut self, now: Instant, loss: f64, arrives: f64) -> bool {
        if let Some(trial) = self.trial.as_mut().filter(|trial| !trial.is_judged) {
            trial.is_judged = true;
            trial.every =
                if loss < trial.loss / 2.0 { TRIAL_EVERY } else { (trial.every * 2).min(TRIAL_SELDOM) };
        }
        let too_much = if arrives < TOO_MUCH_OF_THIN.1 { TOO_MUCH_OF_THIN.0 } else { TOO_MUCH };
        let again = self.trial.is_none_or(|trial| now.saturating_duration_since(trial.at) >= trial.every);
        if loss <= too_much || !again {
            return false;
        }
        let arrives = arrives.max(MIN_BPS);
        let every = self.trial.map_or(TRIAL_EVERY, |trial| trial.every);
        *self = Self {
            model: Some(Model::new(arrives)),
            growth: Some((now + TRIAL_FOR, arrives)),
            limited: true,
            trial: Some(Trial { at: now, loss, is_judged: false, every }),
            ..Self::default()
        };
        true
    }
}

/// What got through of a stretch of which most was lost, in bit/s: the path is another one than a moment ago, and no mean
/// over what was before tells of it.
fn carried(newest: &Observation, inherent: f64) -> Option<f64> {
    let all = newest.all();
    let enough = if inherent > LOSSY { COLLAPSE_PACKETS.1 } else { COLLAPSE_PACKETS.0 };
    let collapsed = all >= enough && newest.loss() > COLLAPSE + inherent;
    collapsed.then(|| newest.sent_bps * newest.arrived / all)
}

/// Whether so much loss is more than the path's own, and no accident.
fn is_news(loss: f64, inherent: f64) -> bool {
    loss > inherent * NEWS.0 + NEWS.1
}

/// The limit that so much loss sets at once, in bit/s.
fn instant(loss: f64) -> f64 {
    if loss > OFFSET { INSTANT_BPS / (loss - OFFSET) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests;
