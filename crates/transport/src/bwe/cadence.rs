//! How often the peer tells of packets. By the clock it is every 50 to 100 ms; GStreamer does it as seldom as it may send control
//! packets at all, with its defaults every 0.6 s (measured).
use std::time::{Duration, Instant};

/// What all the rest is made for; libwebrtc tells at least so often but on the thinnest paths.
const USUAL: Duration = Duration::from_millis(150);
/// Longer than this nobody gathers: that is a path that was cut.
const LONGEST: Duration = Duration::from_secs(1);
/// How long the longest holds; a shorter one is taken for the cadence within twice this.
const SPAN: Duration = Duration::from_secs(10);

/// The longest time of the last seconds that a packet waited at the peer until it was told of.
#[derive(Debug, Default)]
pub struct Cadence {
    current: Option<(Instant, Duration)>,
    previous: Duration,
    first: Option<Instant>,
    newest: Option<Instant>,
}

impl Cadence {
    /// Feedback at `now` tells of a packet that waited for so long.
    pub fn add(&mut self, now: Instant, waited: Duration) {
        let waited = waited.min(LONGEST);
        self.first.get_or_insert(now);
        self.newest = Some(now);
        match &mut self.current {
            Some((since, longest)) if now.saturating_duration_since(*since) < SPAN => {
                *longest = waited.max(*longest);
            }
            current => {
                self.previous = current.map_or(Duration::ZERO, |(_, longest)| longest);
                *current = Some((now, waited));
            }
        }
    }

    /// Time between the first feedback and the newest.
    #[must_use]
    pub fn known_for(&self) -> Duration {
        self.first.zip(self.newest).map_or(Duration::ZERO, |(first, newest)| newest - first)
    }

    /// What it is longer than usual.
    #[must_use]
    pub fn excess(&self) -> Duration {
        let current = self.current.map_or(Duration::ZERO, |(_, longest)| longest);
        current.max(self.previous).saturating_sub(USUAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_holds_for_a_while_and_the_usual_is_none() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut cadence = Cadence::default();
        for s in 0..40 {
            cadence.add(start + Duration::from_secs(s), if s == 3 { ms(600) } else { ms(100) });
            let expected = if (3..20).contains(&s) { ms(450) } else { ms(0) };
            assert_eq!(cadence.excess(), expected, "after {s} s");
        }
        assert_eq!(cadence.known_for(), Duration::from_secs(39));
        cadence.add(start + Duration::from_secs(40), ms(20_000));
        assert_eq!(cadence.excess(), LONGEST - USUAL);
    }
}
