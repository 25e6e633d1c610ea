//! Signs of life into silence: only what arrives can be told of, and there may be no sound.
use super::{Out, PADDING, Part, SendSide};
use std::time::{Duration, Instant};

/// How often one goes.
const EVERY: Duration = Duration::from_millis(150);

impl SendSide {
    /// Padding, or, where there is none, what there is of pictures.
    pub(super) fn call_into_silence(&mut self, now: Instant, to_wire: &mut Out) {
        let due = self.called.is_none_or(|at| now.saturating_duration_since(at) >= EVERY);
        if !self.estimator.is_silent() || !due {
            return;
        }
        self.called = Some(now);
        if let Some(packet) = self.padding(PADDING) {
            self.send(packet, Part::Padding, now, None, to_wire);
        } else if let Some(packet) = self.queue.pop_video() {
            self.send_picture(packet, now, None, to_wire);
        }
    }
}
