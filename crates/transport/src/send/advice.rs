//! What media are told: how much to send, when to pause, when to begin anew.
use crate::{Event, EventSink, stats::SharedStats};
use std::time::{Duration, Instant};

/// Changes of the target smaller than this are not worth a word to the encoder.
const NOTABLE: f64 = 0.02;
/// Longest time between two words, so that small changes do not add up unsaid.
const SAY_EVERY: Duration = Duration::from_secs(1);
/// Pictures that would have to wait longer than the first are not encoded, until the wait is below the second.
const HOLD: (Duration, Duration) = (Duration::from_millis(120), Duration::from_millis(40));

/// Says each thing once.
pub struct Advice {
    sink: EventSink,
    stats: SharedStats,
    said: Option<(f64, Instant)>,
    held: bool,
    silent: bool,
}

impl Advice {
    /// Says it to `sink`; the target is also kept in `stats`.
    pub fn new(sink: EventSink, stats: SharedStats) -> Self {
        Self { sink, stats, said: None, held: false, silent: false }
    }

    /// The target is `bps`. It is told before anything has left, so the first one is a guess.
    pub fn target(&mut self, now: Instant, bps: f64) {
        let notable = self.said.is_none_or(|(said, at)| {
            let change = (bps - said).abs() / said;
            change >= NOTABLE || (change > 0.0 && now.saturating_duration_since(at) >= SAY_EVERY)
        });
        if notable {
            let is_known = self.said.replace((bps, now)).is_some();
            let bps = bps as u64;
            self.stats.update(|s| s.target_bps = Some(bps));
            (self.sink)(Event::TargetBitrate { bps, is_known });
        }
    }

    /// A picture that came now would wait for so long; `None` for nobody knows how long.
    pub fn wait(&mut self, wait: Option<Duration>) {
        let held = wait.is_none_or(|wait| wait > if self.held { HOLD.1 } else { HOLD.0 });
        if std::mem::replace(&mut self.held, held) != held {
            (self.sink)(Event::Hold(held));
        }
    }

    /// Whether nothing is heard.
    pub fn silence(&mut self, silent: bool) {
        if std::mem::replace(&mut self.silent, silent) != silent {
            (self.sink)(Event::Silence(silent));
        }
    }

    /// Pictures were lost on this side: the peer cannot go on without a key frame.
    pub fn begin_anew(&self) {
        (self.sink)(Event::KeyFrameRequested);
    }
}
