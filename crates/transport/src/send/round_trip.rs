//! The round trip of an empty path, as feedback shows it: the time that the peer gathers feedback included.
use std::time::{Duration, Instant};

/// How long a low holds; a longer route is taken for one within twice this.
const SPAN: Duration = Duration::from_secs(10);

/// The least of the last seconds.
#[derive(Debug, Default)]
pub struct BaseRoundTrip {
    current: Option<(Instant, Duration)>,
    previous: Option<Duration>,
}

impl BaseRoundTrip {
    /// Takes in one round trip, measured at `now`.
    pub fn add(&mut self, now: Instant, sample: Duration) {
        match &mut self.current {
            Some((since, least)) if now.saturating_duration_since(*since) < SPAN => {
                *least = sample.min(*least)
            }
            current => {
                self.previous = current.map(|(_, least)| least);
                *current = Some((now, sample));
            }
        }
    }

    /// `None` until one was measured.
    #[must_use]
    pub fn get(&self) -> Option<Duration> {
        self.current.map(|(_, least)| least).into_iter().chain(self.previous).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_holds_for_a_while_and_is_then_forgotten() {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut base = BaseRoundTrip::default();
        assert_eq!(base.get(), None);
        for s in 0..40 {
            base.add(start + Duration::from_secs(s), if s == 3 { ms(50) } else { ms(90) });
            let expected = if (3..20).contains(&s) { ms(50) } else { ms(90) };
            assert_eq!(base.get(), Some(expected), "after {s} s");
        }
    }
}
