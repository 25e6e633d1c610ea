//! A way that has become longer, told from a queue: a queue drains when much less comes than it lets through, or loses what
//! does not fit.
//!
//! Taken for a queue, a longer way, such as one by a relay, is answered with less and less; what is sent falls to the
//! least that there is until the shorter way is forgotten, 10 to 20 s later.
use std::time::{Duration, Instant};

/// A wait that could matter: more delays feedback so far that pictures are held back for it.
const LONG: Duration = Duration::from_millis(80);
/// Packets whose wait differs by no more wait alike.
const ALIKE: Duration = Duration::from_millis(40);
/// Part of what came through at most during the wait, with which a queue would drain; and how long that is looked at: in
/// that time it would by 0.2 s.
const LESS: f64 = 0.6;
const LOOKED_AT: Duration = Duration::from_millis(500);

/// A wait that stays as it is.
#[derive(Debug, Default)]
pub struct Longer(Option<Wait>);

#[derive(Debug)]
struct Wait {
    length: Duration,
    /// Most that has arrived during it, in bit/s.
    most: f64,
    /// Since when much less does.
    less: Option<Instant>,
}

impl Longer {
    /// Packets wait for so long, and so much arrives, in bit/s, with losses beyond the path's own or not. Where the wait is
    /// none of a queue, the most that has arrived during it.
    pub fn on_wait(&mut self, now: Instant, length: Duration, arriving: f64, loses: bool) -> Option<f64> {
        if length < LONG {
            self.0 = None;
            return None;
        }
        let wait = self.0.get_or_insert(Wait { length, most: 0.0, less: None });
        if loses || length.abs_diff(wait.length) > ALIKE {
            *wait = Wait { length, most: 0.0, less: None };
        }
        wait.most = wait.most.max(arriving);
        wait.less = (arriving < wait.most * LESS).then(|| wait.less.unwrap_or(now));
        let since = wait.less.filter(|since| now.saturating_duration_since(*since) >= LOOKED_AT);
        since.and_then(|_| self.0.take()).map(|wait| wait.most)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// When it is said, of a wait that looks like this every 50 ms.
    fn said(wait: impl Fn(u64) -> (u64, f64, bool)) -> Option<u64> {
        let (mut longer, start) = (Longer::default(), Instant::now());
        (0..5_000).step_by(50).find(|at| {
            let (length, arriving, loses) = wait(*at);
            longer.on_wait(start + ms(*at), ms(length), arriving, loses).is_some_and(|most| most == 2e6)
        })
    }

    #[test]
    fn a_wait_that_stays_as_it_is_though_much_less_comes_is_no_queue() {
        assert_eq!(said(|at| (250 + at % 30, if at < 400 { 2e6 } else { 1e6 }, false)), Some(900));
    }

    #[test]
    fn a_queue_drains_or_loses_or_lets_through_what_it_did() {
        assert_eq!(said(|at| (700 - at / 10, if at < 400 { 2e6 } else { 1e6 }, false)), None);
        assert_eq!(said(|at| (400, if at < 400 { 2e6 } else { 1e6 }, at % 400 == 0)), None);
        assert_eq!(said(|_| (400, 2e6, false)), None);
    }
}
