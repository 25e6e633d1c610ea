//! What is made of heavy losses.
use super::*;
use crate::send::Sent;
use std::collections::VecDeque;

const PACKET: usize = 500;
/// A full queue, there and back.
const HEARD_AFTER: Duration = Duration::from_millis(800);

/// A path, and what sends over it as much as it may.
struct Path {
    control: LossControl,
    now: Instant,
    number: u64,
    /// What it carries, in bit/s; the rest is lost.
    carries: f64,
    /// What it loses besides.
    loses: f64,
    /// What is owed to the share that gets through.
    owed: f64,
    /// By delay, which shows nothing.
    rate: f64,
    /// What nothing has been heard of yet, and until when.
    under_way: VecDeque<(Instant, Outcome, f64)>,
}

impl Path {
    fn new(carries: f64, loses: f64) -> Self {
        #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
        let now = Instant::now();
        Self {
            control: LossControl::default(),
            now,
            number: 0,
            carries,
            loses,
            owed: 0.0,
            rate: 250e3,
            under_way: VecDeque::new(),
        }
    }

    /// Sends for a second what it may; how much that is afterwards.
    fn second(&mut self) -> f64 {
        let end = self.now + Duration::from_secs(1);
        while self.now < end {
            let bps = self.rate.min(self.control.limit());
            let pause = PACKET as f64 * 8.0 / bps;
            self.now += Duration::from_secs_f64(pause);
            self.number += 1;
            let through = (self.carries / bps).min(1.0) * (1.0 - self.loses);
            self.owed += through;
            let arrives = self.owed >= 1.0;
            self.owed -= f64::from(u8::from(arrives));
            let sent = Sent { number: self.number, at: self.now, size: PACKET, probe: None };
            let arrival = arrives.then_some(Duration::ZERO);
            self.under_way.push_back((self.now + HEARD_AFTER, Outcome { sent, arrival }, bps * through));
            let now = self.now;
            while let Some((_, outcome, acked)) = self.under_way.pop_front_if(|(at, ..)| *at <= now) {
                self.control.on_outcome(&outcome);
                let queue = Queue { is_long: false, has_been: true, arriving: None };
                self.control.update(now, self.rate, Some(acked), false, queue);
            }
            // As the estimator does, and delay, which shows nothing.
            self.rate = (self.rate * 1.08_f64.powf(pause))
                .min(self.control.limit() * super::super::UNTESTED)
                .min(250e3);
        }
        self.rate.min(self.control.limit())
    }
}

fn mean(seconds: &[f64]) -> f64 {
    seconds.iter().sum::<f64>() / seconds.len() as f64
}

#[test]
fn a_path_that_loses_most_is_sent_what_it_carries_to_see() {
    let mut path = Path::new(80e3, 0.0);
    let sent: Vec<f64> = (0..30).map(|_| path.second()).collect();
    assert!(mean(&sent[3..]) < 150e3 && sent[3..].iter().all(|bps| *bps < 210e3), "{sent:?}");
}

#[test]
fn a_path_that_loses_most_by_itself_is_not_starved() {
    let mut path = Path::new(1e9, 0.6);
    let sent: Vec<f64> = (0..60).map(|_| path.second()).collect();
    assert!(mean(&sent) > 100e3, "{sent:?}");
}
