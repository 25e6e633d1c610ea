//! Signs of life: into silence, where only what arrives can be told of and there may be no sound; where pictures are held
//! for word of packets that may be lost, and nothing else goes that could be told of; and for peers that tell of sound only
//! when a packet with the marker bit has come, as the last of a picture has.
use super::{Out, PADDING, Part, SendSide};
use std::time::{Duration, Instant};

/// How often one goes: into silence, and where all else is without the marker.
const EVERY: Duration = Duration::from_millis(150);
const MARKED_EVERY: Duration = Duration::from_millis(300);
/// As little as padding may be.
const SHORT: usize = 0;

impl SendSide {
    /// Padding, or, where there is none, what there is of pictures.
    pub(super) fn give_sign(&mut self, now: Instant, to_wire: &mut Out) {
        let silent = self.estimator.is_silent();
        let stuck = self.is_stuck(now);
        if (silent || stuck) && is_due(self.called, EVERY, now) {
            self.called = Some(now);
            self.call_into_silence(if stuck { SHORT } else { PADDING }, now, to_wire);
        } else if !silent
            && !self.deaf
            && self.estimator.is_told_seldom()
            && self.ledger.waiting().is_some()
            && is_due(self.marked, MARKED_EVERY, now)
            && let Some(packet) = self.streams.padding(SHORT)
        {
            self.marked = Some(now);
            self.send(packet, Part::Padding, now, None, to_wire);
        }
    }

    /// Whether nothing has left for a while that could be told of, and so make room for more.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        !self.estimator.is_silent() && !self.has_window() && is_due(self.left, EVERY, now)
    }

    fn call_into_silence(&mut self, size: usize, now: Instant, to_wire: &mut Out) {
        if let Some(packet) = self.streams.padding(size) {
            self.send(packet, Part::Padding, now, None, to_wire);
        } else if let Some(packet) = self.queue.pop_video() {
            self.send_picture(packet, now, None, to_wire);
        }
    }
}

fn is_due(last: Option<Instant>, every: Duration, now: Instant) -> bool {
    last.is_none_or(|at| now.saturating_duration_since(at) >= every)
}
