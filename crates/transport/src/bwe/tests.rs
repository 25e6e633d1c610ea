//! The estimator on a simulated bottleneck: packets at exactly the target's rate, a queue, feedback every 50 ms.
use super::*;
use std::sync::Arc;

const PACKET: usize = 1_200;
const DELAY: Duration = Duration::from_millis(30);
const FEEDBACK: Duration = Duration::from_millis(50);

struct Link {
    bps: f64,
    queue: Duration,
    loss_percent: u64,
    /// Standard deviation of the delay; order is kept.
    jitter: Duration,
}

impl Default for Link {
    fn default() -> Self {
        Self { bps: 10_000_000.0, queue: Duration::from_millis(300), loss_percent: 0, jitter: Duration::ZERO }
    }
}

/// What a second of a run came to.
#[derive(Debug, Clone, Copy)]
struct Second {
    target: f64,
    queued: Duration,
    overflowed: u32,
}

/// Runs `link` (a function of the second) for `seconds`.
fn run(seconds: u32, link: impl Fn(u32) -> Link) -> Vec<Second> {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the run counts from it")]
    let start = Instant::now();
    let stats = SharedStats::default();
    stats.add_rtt(DELAY * 2);
    let mut estimator = Estimator::new(Arc::new(|_| {}), stats);
    let (mut now, mut free, mut next_feedback) = (start, start, start + FEEDBACK);
    let mut pending: Vec<PacketReport> = Vec::new();
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut log = Vec::new();
    let mut second = Second { target: 0.0, queued: Duration::ZERO, overflowed: 0 };
    let (mut id, mut last_arrival) = (0, start);
    while log.len() < seconds as usize {
        let link = link(log.len() as u32);
        let queued = free.saturating_duration_since(now);
        second.queued = second.queued.max(queued);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let overflow = queued > link.queue;
        second.overflowed += u32::from(overflow);
        let lost = overflow || random % 100 < link.loss_percent;
        if !overflow {
            free = free.max(now) + Duration::from_secs_f64(PACKET as f64 * 8.0 / link.bps);
        }
        // A sum of twelve even draws is normal enough.
        let even = |n: u32| random.rotate_left(5 * n) % 10_000;
        let normal = (0..12).map(even).sum::<u64>() as f64 / 10_000.0 - 6.0;
        let delay = (DELAY.as_secs_f64() * 3.0 + normal * link.jitter.as_secs_f64()).max(0.0);
        let delay = if link.jitter.is_zero() { DELAY } else { Duration::from_secs_f64(delay) };
        last_arrival = last_arrival.max(free + delay);
        let arrival = (!lost).then(|| last_arrival - start);
        pending.push(report(id, now, arrival));
        id += 1;
        now += Duration::from_secs_f64(PACKET as f64 * 8.0 / estimator.target_bitrate());
        while next_feedback <= now {
            // What has arrived by when the feedback left, half a round trip ago.
            let seen = next_feedback - DELAY - start;
            let (due, rest) = pending.into_iter().partition(|p: &PacketReport| {
                p.arrival.map_or(p.departure + DELAY * 8 <= next_feedback, |at| at <= seen)
            });
            pending = rest;
            let due: Vec<PacketReport> = due;
            estimator.on_reports(next_feedback, &due);
            next_feedback += FEEDBACK;
        }
        if now >= start + Duration::from_secs(log.len() as u64 + 1) {
            second.target = estimator.target_bitrate();
            log.push(std::mem::replace(
                &mut second,
                Second { target: 0.0, queued: Duration::ZERO, overflowed: 0 },
            ));
        }
    }
    log
}

fn report(id: u64, departure: Instant, arrival: Option<Duration>) -> PacketReport {
    PacketReport {
        ssrc: 1,
        id,
        rtp_sequence_number: id as u16,
        is_twcc: true,
        twcc_sequence_number: id as u16,
        size: PACKET,
        arrived: arrival.is_some(),
        departure,
        arrival,
        ecn: Default::default(),
    }
}

fn mean_target(seconds: &[Second]) -> f64 {
    seconds.iter().map(|s| s.target).sum::<f64>() / seconds.len() as f64
}

#[test]
fn a_narrow_link_is_filled_and_its_queue_stays_short() {
    for bps in [300_000.0, 1_000_000.0, 2_000_000.0] {
        let log = run(40, |_| Link { bps, queue: Duration::from_millis(500), ..Link::default() });
        let steady = &log[15..];
        let share = mean_target(steady) / bps;
        assert!((0.7..1.05).contains(&share), "{bps}: {share} of the link");
        let queued = steady.iter().map(|s| s.queued).max().unwrap_or_default();
        assert!(queued < Duration::from_millis(250), "{bps}: {queued:?} in the queue");
        assert_eq!(steady.iter().map(|s| s.overflowed).sum::<u32>(), 0);
    }
}

#[test]
fn a_drop_of_the_link_is_followed_within_seconds() {
    let link = |s| Link {
        bps: if s < 15 { 2_000_000.0 } else { 400_000.0 },
        queue: Duration::from_secs(1),
        ..Link::default()
    };
    let log = run(40, link);
    assert!(log[18].target < 500_000.0, "{:?}", &log[14..20]);
    let queued = log[22..].iter().map(|s| s.queued).max().unwrap_or_default();
    assert!(queued < Duration::from_millis(250), "{queued:?}");
}

#[test]
fn random_loss_on_a_wide_link_does_not_starve_the_picture() {
    let log = run(60, |_| Link { loss_percent: 10, ..Link::default() });
    assert!(mean_target(&log[20..]) > 1_000_000.0, "{log:?}");
}

#[test]
fn a_link_without_a_queue_is_found_by_its_losses() {
    let log = run(60, |_| Link { bps: 500_000.0, queue: Duration::from_millis(5), ..Link::default() });
    let target = mean_target(&log[30..]);
    assert!((250_000.0..700_000.0).contains(&target), "{target}");
}

#[test]
fn jitter_and_loss_of_a_radio_path_are_no_queue() {
    let link = |_| Link { loss_percent: 5, jitter: Duration::from_millis(25), ..Link::default() };
    let log = run(40, link);
    assert!(mean_target(&log[5..]) > 800_000.0, "{log:?}");
}

#[test]
fn a_queue_is_seen_through_jitter() {
    let link = |_| Link {
        bps: 600_000.0,
        queue: Duration::from_secs(1),
        jitter: Duration::from_millis(15),
        loss_percent: 0,
    };
    let log = run(60, link);
    let steady = &log[20..];
    let share = mean_target(steady) / 600_000.0;
    assert!((0.6..1.05).contains(&share), "{share} of the link");
    let queued = steady.iter().map(|s| s.queued).max().unwrap_or_default();
    assert!(queued < Duration::from_millis(400), "{queued:?} in the queue");
}
