//! What media are told.
use super::{REPAIRS, SendSide};
use std::time::{Duration, Instant};

impl SendSide {
    pub(super) fn drop_pictures(&mut self, packets: usize) {
        self.stats.update(|s| s.pacer_dropped += packets as u64);
        self.advice.begin_anew();
    }

    pub(super) fn advise(&mut self, now: Instant) {
        let waited = self.queue.waited(now);
        self.stats.update(|s| s.pacer_queue = waited);
        // Before the first picture there is nothing that it could wait for.
        if !self.streams.are_numbered() || self.deaf || self.tick.is_none() {
            self.advice.wait(Some(Duration::ZERO));
            return self.advice.target(now, self.target());
        }
        self.advice.silence(self.estimator.is_silent());
        // What repairs take is not there for pictures.
        let target = self.target();
        self.advice.target(now, (target - self.repaired.bps(now)).max(target * REPAIRS));
        // Into silence, and where all else is held, goes padding, or, where there is none, what there is of pictures.
        let calls = self.estimator.is_silent() || self.is_stuck(now);
        let closed = if calls { self.streams.can_pad() } else { !self.has_window() };
        let queued = Duration::from_secs_f64(self.queue.bytes() as f64 * 8.0 / self.pace());
        self.advice.wait((!closed).then_some(queued));
    }
}
