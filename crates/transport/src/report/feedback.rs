//! How often arrivals are told to the sender: often, so that it sees a queue soon, and seldom where our own path is so thin that
//! word of what comes would take the place of what we say.
use crate::{
    plug::{Out, Stage},
    stats::SharedStats,
};
use rtc::{
    interceptor::{Interceptor, StreamInfo, TaggedPacket, TwccReceiverBuilder, TwccReceiverInterceptor},
    sansio::Protocol,
};
use std::time::{Duration, Instant};

/// Between two messages, at least and at most. The least is half of what is usual.
const EVERY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));
/// One message, with the headers of IPv4, UDP and RTCP and the tag of SRTCP, about (libwebrtc's figure), in bits.
const BITS: f64 = 68.0 * 8.0;
/// The part of our target that they may take (libwebrtc's).
const PART: f64 = 0.05;

/// The stage: rtc's own receiver of transport-wide numbers, which is let speak when it is time to.
pub struct Feedback {
    inner: TwccReceiverInterceptor,
    stats: SharedStats,
    /// When the receiver would speak, and when it spoke last.
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Feedback {
    /// Speaks as often as the target in `stats` allows.
    pub fn new(stats: SharedStats) -> Self {
        let inner = TwccReceiverBuilder::new().with_interval(EVERY.0).build();
        Self { inner, stats, due: None, last: None }
    }
}

fn every(target_bps: Option<u64>) -> Duration {
    let share = target_bps.map_or(f64::INFINITY, |bps| bps as f64 * PART);
    Duration::from_secs_f64((BITS / share).clamp(EVERY.0.as_secs_f64(), EVERY.1.as_secs_f64()))
}

impl Stage for Feedback {
    fn read(&mut self, packet: TaggedPacket, to_app: &mut Out, _to_wire: &mut Out) {
        let taken = self.inner.handle_read(packet);
        debug_assert!(taken.is_ok(), "it refuses no packet: {taken:?}");
        to_app.extend(std::iter::from_fn(|| self.inner.poll_read()));
        self.due = self.inner.poll_timeout();
    }

    fn timeout(&mut self, now: Instant, to_wire: &mut Out) {
        if self.deadline().is_none_or(|at| now < at) {
            return;
        }
        self.last = Some(now);
        let told = self.inner.handle_timeout(now);
        debug_assert!(told.is_ok(), "it always knows the time: {told:?}");
        to_wire.extend(std::iter::from_fn(|| self.inner.poll_write()));
        self.due = self.inner.poll_timeout();
    }

    fn deadline(&self) -> Option<Instant> {
        let opens = self.last.map(|last| last + every(self.stats.get().target_bps));
        self.due.map(|due| opens.map_or(due, |opens| opens.max(due)))
    }

    fn bind_remote(&mut self, stream: &StreamInfo) {
        self.inner.bind_remote_stream(stream);
    }

    fn unbind_remote(&mut self, stream: &StreamInfo) {
        self.inner.unbind_remote_stream(stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thin_path_is_told_over_seldom() {
        let ms = |bps| every(bps).as_millis();
        assert_eq!([None, Some(2_500_000), Some(230_000)].map(ms), [50, 50, 50]);
        assert_eq!([Some(100_000), Some(50_000), Some(20_000)].map(ms), [108, 217, 250]);
    }
}
