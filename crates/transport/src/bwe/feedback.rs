//! When word of packets comes: how often, how late, or not at all.
//!
//! What it says is another matter; a peer may tell of packets seldom, and what tells of a queue is held up in it.
use super::{cadence::Cadence, window};
use crate::send::Outcome;
use std::time::{Duration, Instant};

/// Without feedback for so long, the path is cut; where there hardly was any yet, it may just be long, or the peer's word
/// rare.
const SILENCE: Duration = Duration::from_millis(500);
const SILENCE_FIRST: Duration = Duration::from_secs(2);
/// And so many packets must have been sent into it.
const SILENCE_PACKETS: usize = 3;
/// After so much time of feedback it is known how rare that is.
const ACQUAINTED: Duration = Duration::from_secs(2);
/// Assumed until one was measured.
const RTT_UNKNOWN: Duration = Duration::from_millis(200);

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    cadence: Cadence,
    /// For how long media have flown and nothing was heard.
    unheard: Duration,
    /// What the peer waits longer than most before it tells of packets.
    excess: Duration,
    /// When media began to flow.
    begun: Option<Instant>,
    /// When feedback came last.
    heard: Option<Instant>,
    rtt: Option<Duration>,
    overdue: bool,
    silent: bool,
}

impl Feedback {
    /// Media flow, since now if not before; whether they have not.
    pub fn begin(&mut self, now: Instant) -> bool {
        let first = self.begun.is_none();
        self.begun.get_or_insert(now);
        first
    }

    /// Feedback comes; `rtt` is a round trip without queues. How long the silence was that it ends, if it ends one.
    pub fn on_feedback(
        &mut self,
        now: Instant,
        outcomes: &[Outcome],
        rtt: Option<Duration>,
    ) -> Option<Duration> {
        self.rtt = rtt.or(self.rtt);
        let heard = self.heard.replace(now).unwrap_or(now);
        if std::mem::take(&mut self.silent) {
            return Some(now.saturating_duration_since(heard));
        }
        self.note_cadence(now, outcomes);
        None
    }

    /// The time is `now`; of so many packets nothing was heard, the oldest of which left then.
    pub fn on_tick(&mut self, now: Instant, waiting: Option<(Instant, usize)>, lossy: bool) {
        let last = self.heard.max(self.begun).unwrap_or(now);
        self.unheard = now.saturating_duration_since(last);
        self.excess = self.cadence.excess(self.unheard);
        self.overdue = self.cadence.is_known()
            && waiting.is_some_and(|(at, _)| {
                window::is_overdue(now.saturating_duration_since(at), self.usual_wait(), lossy)
            });
        let silence = match self.cadence.known_for() >= ACQUAINTED {
            true => SILENCE + self.excess * 3,
            false => SILENCE_FIRST,
        };
        // Of one packet nobody knows whether it or the word of it was lost.
        let (silence, packets) = match lossy {
            true => (silence * 2, SILENCE_PACKETS * 3),
            false => (silence, SILENCE_PACKETS),
        };
        let waiting = waiting.filter(|(_, waiting)| *waiting >= packets);
        // Of a peer that has not said anything yet, nobody knows whether it ever does.
        let since = waiting.zip(self.heard).map(|((at, _), heard)| heard.max(at));
        self.silent |= since.is_some_and(|since| now.saturating_duration_since(since) > silence);
    }

    /// Round trip, once one was measured.
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// How much may be under way at `target` bit/s, in bytes.
    pub fn window(&self, target: f64, lossy: bool) -> usize {
        match self.rtt {
            None if self.excess.is_zero() => window::first(self.unheard),
            _ => window::bytes(target, self.usual_wait(), lossy),
        }
    }

    /// Whether it is overdue.
    pub fn is_overdue(&self) -> bool {
        self.overdue
    }

    /// Whether nothing was heard for so long that the path must be cut.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// Whether the peer tells of packets less often than most do.
    pub fn is_seldom(&self) -> bool {
        self.excess > Duration::ZERO
    }

    /// When media began to flow, where nothing was heard ever since.
    pub fn never_heard_since(&self) -> Option<Instant> {
        self.begun.filter(|_| self.heard.is_none())
    }

    /// Word that does not come late because of the path.
    fn note_cadence(&mut self, now: Instant, outcomes: &[Outcome]) {
        let arrived = outcomes.iter().filter(|outcome| outcome.arrival.is_some());
        if let Some(oldest) = arrived.map(|outcome| outcome.sent.at).min() {
            let waited = now.saturating_duration_since(oldest).saturating_sub(self.rtt.unwrap_or_default());
            self.cadence.add(now, waited);
        }
    }

    /// How long word of a packet takes on an empty path.
    fn usual_wait(&self) -> Duration {
        self.rtt.unwrap_or(RTT_UNKNOWN) + self.excess
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::Sent;

    /// When it is silence, of packets that wait for word of them from 10 s on; in milliseconds. Word came `every` so often
    /// before.
    fn silent_at(every: u64, packets: usize, lossy: bool) -> Option<u64> {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut feedback = Feedback::default();
        assert!(feedback.begin(start) && !feedback.begin(at(1)));
        for ms in (every..=10_000).step_by(every as usize) {
            let sent = Sent { number: ms, at: at(ms - every), size: 1_000, probe: None };
            let outcomes = [Outcome { sent, arrival: Some(Duration::from_millis(ms)) }];
            assert_eq!(feedback.on_feedback(at(ms), &outcomes, None), None);
        }
        let silent = (10_000..20_000).find(|ms| {
            feedback.on_tick(at(*ms), Some((at(10_000), packets)), lossy);
            feedback.is_silent()
        });
        let ended = feedback.on_feedback(at(20_000), &[], None);
        assert_eq!(ended, silent.map(|_| Duration::from_secs(10)));
        silent.map(|ms| ms - 10_000)
    }

    #[test]
    fn silence_is_longer_than_word_usually_takes_and_than_what_may_be_lost() {
        assert_eq!(silent_at(50, 3, false), Some(501));
        assert_eq!(silent_at(50, 2, false), None, "lost like the word of them");
        assert_eq!((silent_at(50, 3, true), silent_at(50, 9, true)), (None, Some(1_001)));
        assert_eq!(silent_at(500, 3, false), Some(500 + 3 * 350 + 1), "a peer that tells seldom");
    }

    #[test]
    fn a_peer_that_has_not_said_anything_is_not_silent() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let mut feedback = Feedback::default();
        feedback.begin(start);
        feedback.on_tick(start + Duration::from_secs(60), Some((start, 100)), false);
        assert!(!feedback.is_silent() && !feedback.is_overdue());
        assert_eq!(feedback.never_heard_since(), Some(start));
    }
}
