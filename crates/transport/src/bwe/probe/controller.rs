//! When to probe, and at which rate (libwebrtc's `ProbeController`, and probes after a cut of its own).
use super::super::MAX_BPS;
use std::time::{Duration, Instant};

/// The first probes, as multiples of the target: of a connection, and of a path that seems to carry more than before.
const FIRST: [f64; 2] = [3.0, 6.0];
/// A probe that finds this part of its rate is followed by one at twice what it found.
const FURTHER: f64 = 0.7;
const FURTHER_FACTOR: f64 = 2.0;
/// A probe's result comes within this time, or never.
const ANSWER: Duration = Duration::from_secs(1);
/// How long a train lasts, of how many packets it is, and how many bytes, at least: jitter makes shorter ones look slow.
const TRAIN: Duration = Duration::from_millis(15);
const TRAIN_PACKETS: u32 = 5;
const LEAST: usize = 600;
/// Time between two probes of a path of which little is used.
const IDLE_EVERY: Duration = Duration::from_secs(5);
const IDLE_FACTOR: f64 = 2.0;
/// After a cut: the first wait, and the longest. It doubles with every probe that finds nothing.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(16));
const RETRY_FACTOR: f64 = 1.7;
/// Part of what had arrived before the cuts of so much time, that is tried once even where they went far below it.
const CARRIED: f64 = 0.7;
const LATELY: Duration = Duration::from_secs(5);
/// Least time between two probes of a path that seems to carry more than before.
const GAIN_EVERY: Duration = Duration::from_secs(1);
/// The first wait on a path that has never shown a queue: what it carries is not known yet.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// What a probe must add to count as a find.
const FOUND: f64 = 1.15;

/// A train of packets to be sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cluster {
    /// Names it in [`crate::send::Sent::probe`].
    pub id: u32,
    /// How fast, in bit/s.
    pub bps: f64,
    /// Least size of the train, in bytes.
    pub bytes: usize,
    /// Least number of packets.
    pub packets: u32,
}

/// Decides on probes.
#[derive(Debug)]
pub struct Prober {
    next_id: u32,
    wanted: Vec<Cluster>,
    /// Until when results are waited for, and the rate from which on it is worth going further.
    pending: Option<(Instant, f64)>,
    last: Option<Instant>,
    retry: Duration,
    /// The train whose result counts in that already.
    counted: Option<u32>,
    /// When the target was cut last, and what arrived before it was, in bit/s.
    cut: Option<Instant>,
    carried: f64,
}

impl Default for Prober {
    fn default() -> Self {
        Self {
            next_id: 0,
            wanted: Vec::new(),
            pending: None,
            last: None,
            retry: RETRY_FIRST,
            counted: None,
            cut: None,
            carried: 0.0,
        }
    }
}

impl Prober {
    /// Media begin to flow with this target.
    pub fn begin(&mut self, now: Instant, target: f64) {
        self.probe(now, &FIRST.map(|factor| factor * target));
    }

    /// Whether a train is one of those that a connection begins with.
    #[must_use]
    pub fn begins(id: u32) -> bool {
        (id as usize) < FIRST.len()
    }

    /// Whether a train is the last of those that a connection begins with.
    #[must_use]
    pub fn ends_beginning(id: u32) -> bool {
        id as usize + 1 == FIRST.len()
    }

    /// The train `id` found `bps`, of which `sure_bps` are sure, while the target was `target`. As more of it arrives, it may
    /// find something else.
    pub fn on_result(&mut self, now: Instant, id: u32, bps: f64, sure_bps: f64, target: f64) {
        if sure_bps > target * FOUND {
            self.retry = RETRY.0;
        } else if self.counted != Some(id) {
            self.retry = (self.retry * 2).min(RETRY.1);
        }
        self.counted = Some(id);
        if let Some((until, enough)) = self.pending
            && now <= until
            && bps > enough
        {
            self.pending = None;
            self.probe(now, &[bps * FURTHER_FACTOR]);
        }
    }

    /// The target was cut: what the path carried a moment ago it may carry again in a moment.
    pub fn on_cut(&mut self, now: Instant, carried: f64) {
        let lately = self.cut.is_some_and(|at| now.saturating_duration_since(at) < LATELY);
        self.carried = if lately { self.carried.max(carried) } else { carried };
        self.cut = Some(now);
        self.wanted.clear();
        (self.pending, self.retry, self.last) = (None, RETRY.0, Some(now));
    }

    /// The path seems to carry more than before; whether it is probed.
    pub fn on_gain(&mut self, now: Instant, target: f64) -> bool {
        let is_time = self.last.is_some_and(|last| now.saturating_duration_since(last) >= GAIN_EVERY);
        let probes = is_time && self.pending.is_none() && target < MAX_BPS;
        if probes {
            self.retry = RETRY.0;
            self.probe(now, &FIRST.map(|factor| factor * target));
        }
        probes
    }

    /// Probes where it is time to. `idle` says since when little is sent; `clear` that no queue grows.
    pub fn on_tick(&mut self, now: Instant, target: f64, idle: Option<Instant>, clear: bool) {
        if self.pending.is_some_and(|(until, _)| now > until) {
            self.pending = None;
        }
        let Some(last) = self.last else { return };
        if self.pending.is_some() || !clear || target >= MAX_BPS {
            return;
        }
        let waited = now.saturating_duration_since(last);
        match idle {
            Some(since) if waited >= IDLE_EVERY && now.saturating_duration_since(since) >= IDLE_EVERY => {
                self.probe(now, &[target * IDLE_FACTOR]);
            }
            None if waited >= self.retry => {
                let carried = (self.carried * CARRIED).min(target * FIRST[0]);
                self.carried = 0.0;
                self.probe(now, &[carried.max(target * RETRY_FACTOR)]);
            }
            Some(_) | None => {}
        }
    }

    /// The next train to send.
    pub fn take(&mut self) -> Option<Cluster> {
        (!self.wanted.is_empty()).then(|| self.wanted.remove(0))
    }

    fn probe(&mut self, now: Instant, rates: &[f64]) {
        // What has not left by now was meant for another time.
        self.wanted.clear();
        let mut highest: f64 = 0.0;
        for &rate in rates {
            let bps = rate.min(MAX_BPS);
            if bps <= highest {
                continue;
            }
            highest = bps;
            let bytes = ((bps / 8.0 * TRAIN.as_secs_f64()) as usize).max(LEAST);
            self.wanted.push(Cluster { id: self.next_id, bps, bytes, packets: TRAIN_PACKETS });
            self.next_id += 1;
        }
        let enough = if highest < MAX_BPS { highest * FURTHER } else { f64::MAX };
        (self.pending, self.last) = (Some((now + ANSWER, enough)), Some(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(prober: &mut Prober) -> Vec<f64> {
        std::iter::from_fn(|| prober.take()).map(|cluster| cluster.bps).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    fn now() -> Instant {
        Instant::now()
    }

    /// At 300 kbit/s, with its first trains sent.
    fn begun() -> (Prober, Instant) {
        let (mut prober, start) = (Prober::default(), now());
        prober.begin(start, 300e3);
        rates(&mut prober);
        (prober, start)
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_connection_begins_with_two_trains_and_goes_on_while_they_find_more() {
        let (mut prober, start) = (Prober::default(), now());
        prober.begin(start, 300e3);
        assert_eq!(rates(&mut prober), [900e3, 1_800e3]);
        prober.on_result(start + MS * 100, 0, 880e3, 880e3, 300e3);
        assert_eq!(rates(&mut prober), [0.0; 0]);
        prober.on_result(start + MS * 120, 1, 1_700e3, 1_700e3, 880e3);
        assert_eq!(rates(&mut prober), [2.5e6]);
        prober.on_result(start + MS * 200, 2, 2.4e6, 2.4e6, 1_700e3);
        assert_eq!(rates(&mut prober), [0.0; 0]);
    }

    #[test]
    fn after_a_cut_it_looks_for_what_was_lost_less_and_less_often() {
        let (mut prober, start) = begun();
        prober.on_cut(start, 0.0);
        let mut at = Vec::new();
        for ms in 0..40_000 {
            let now = start + MS * ms;
            prober.on_tick(now, 500e3, None, true);
            if rates(&mut prober) == [850e3] {
                at.push(ms);
                // Of most of the train, and then of all of it.
                prober.on_result(now, at.len() as u32, 470e3, 470e3, 500e3);
                prober.on_result(now, at.len() as u32, 480e3, 480e3, 500e3);
            }
        }
        assert_eq!(at, [2_000, 6_000, 14_000, 30_000]);
    }

    #[test]
    fn a_train_that_has_found_more_is_not_held_against_the_path_when_the_rest_of_it_comes() {
        let (mut prober, start) = begun();
        prober.on_cut(start, 0.0);
        prober.on_tick(start + MS * 2_000, 500e3, None, true);
        rates(&mut prober);
        prober.on_result(start + MS * 2_100, 2, 580e3, 580e3, 500e3);
        prober.on_result(start + MS * 2_150, 2, 590e3, 590e3, 580e3);
        prober.on_tick(start + MS * 3_990, 590e3, None, true);
        assert_eq!(rates(&mut prober), [0.0; 0]);
        prober.on_tick(start + MS * 4_000, 590e3, None, true);
        assert_eq!(rates(&mut prober), [590e3 * RETRY_FACTOR]);
    }

    #[test]
    fn cuts_far_below_what_had_arrived_are_tried_again_with_more() {
        let (mut prober, start) = begun();
        prober.on_cut(start, 160e3);
        prober.on_cut(start + MS * 300, 60e3);
        prober.on_tick(start + MS * 2_300, 39e3, None, true);
        assert_eq!(rates(&mut prober), [112e3]);
        prober.on_tick(start + MS * 5_000, 39e3, None, true);
        assert_eq!(rates(&mut prober), [39e3 * RETRY_FACTOR]);
        prober.on_cut(start + MS * 9_000, 40e3);
        prober.on_tick(start + MS * 11_000, 39e3, None, true);
        assert_eq!(rates(&mut prober), [39e3 * RETRY_FACTOR]);
    }

    #[test]
    fn a_path_that_seems_to_carry_more_is_probed_at_once() {
        let (mut prober, start) = begun();
        prober.on_cut(start, 0.0);
        assert!(!prober.on_gain(start + MS * 999, 50e3));
        assert_eq!(rates(&mut prober), [0.0; 0]);
        assert!(prober.on_gain(start + MS * 1_000, 50e3));
        assert_eq!(rates(&mut prober), [150e3, 300e3]);
        prober.on_tick(start + MS * 2_500, 50e3, None, true);
        assert_eq!(rates(&mut prober), [0.0; 0]);
    }

    #[test]
    fn a_growing_queue_is_no_time_to_probe() {
        let (mut prober, start) = begun();
        prober.on_tick(start + MS * 20_000, 500e3, None, false);
        assert_eq!(rates(&mut prober), [0.0; 0]);
    }
}
