//! How often arrivals are told to the sender: often, so that it sees a queue soon, and seldom where our own path is so thin that
//! word of what comes would take the place of what we say.
use crate::stats::SharedStats;
use rtc::{
    interceptor::{Interceptor, StreamInfo, TaggedPacket, TwccReceiverBuilder, TwccReceiverInterceptor},
    sansio::Protocol,
    shared::error::Error,
};
use std::time::{Duration, Instant};

/// Between two messages, at least and at most. The least is half of what is usual.
const EVERY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));
/// One message, with the headers of IPv4, UDP and RTCP and the tag of SRTCP, about (libwebrtc's figure), in bits.
const BITS: f64 = 68.0 * 8.0;
/// The part of our target that they may take (libwebrtc's).
const PART: f64 = 0.05;

/// rtc's own receiver of transport-wide numbers, which is let speak when it is time to.
pub struct Feedback {
    inner: TwccReceiverInterceptor,
    stats: SharedStats,
    last: Option<Instant>,
}

impl Feedback {
    /// Speaks as often as the target in `stats` allows.
    pub fn new(stats: SharedStats) -> Self {
        let inner = TwccReceiverBuilder::new().with_interval(EVERY.0).build();
        Self { inner, stats, last: None }
    }

    /// When the next message may leave.
    fn open_at(&self) -> Option<Instant> {
        self.last.map(|last| last + every(self.stats.get().target_bps))
    }
}

fn every(target_bps: Option<u64>) -> Duration {
    let share = target_bps.map_or(f64::INFINITY, |bps| bps as f64 * PART);
    Duration::from_secs_f64((BITS / share).clamp(EVERY.0.as_secs_f64(), EVERY.1.as_secs_f64()))
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Feedback {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.inner.handle_read(packet)
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inner.poll_read()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.inner.handle_write(packet)
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.inner.poll_write()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return Ok(());
        }
        self.last = Some(now);
        self.inner.handle_timeout(now)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        let due = self.inner.poll_timeout()?;
        Some(self.open_at().map_or(due, |open| open.max(due)))
    }
}

impl Interceptor for Feedback {
    fn bind_local_stream(&mut self, stream: &StreamInfo) {
        self.inner.bind_local_stream(stream);
    }

    fn unbind_local_stream(&mut self, stream: &StreamInfo) {
        self.inner.unbind_local_stream(stream);
    }

    fn bind_remote_stream(&mut self, stream: &StreamInfo) {
        self.inner.bind_remote_stream(stream);
    }

    fn unbind_remote_stream(&mut self, stream: &StreamInfo) {
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
