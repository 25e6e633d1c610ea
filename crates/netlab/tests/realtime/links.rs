//! What links do to packets, measured. Bounds are medians: the machine may be busy with other things.
use eyeline_netlab::{Link, Netlab, Schedule};

use super::*;

const PROBE: Stream = Stream { count: 100, size: 200, gap: Duration::from_millis(5) };

fn assert_median_near(trips: &[Trip], expected: Duration) {
    let delays = sorted_delays(trips);
    assert_eq!(delays.len(), trips.len(), "packets were lost");
    let (least, median, p95) = (delays[0], percentile(&delays, 50), percentile(&delays, 95));
    println!("delay: expected {expected:?}, least {least:?}, median {median:?}, p95 {p95:?}");
    assert!(least >= expected, "a packet was early: {least:?}");
    assert!(median < expected + ms(2), "median {median:?}, expected {expected:?}");
}

#[test]
fn delay_is_kept_to_the_millisecond_on_every_path() {
    let Some(lab) = start(Netlab::builder().link(Link::delayed(20.0)).server_delay(ms(5))) else {
        return;
    };
    let [a, b, s] = ["a", "b", "s"].map(|host| socket(&lab, host));
    assert_median_near(&run(&a, &b, &PROBE), ms(20));
    assert_median_near(&run(&b, &a, &PROBE), ms(20));
    assert_median_near(&run(&a, &s, &PROBE), ms(5));
}

#[test]
fn loss_has_the_given_share() {
    let Some(lab) = start(Netlab::builder().link(Link { loss_pct: 20.0, ..Link::PERFECT })) else {
        return;
    };
    let (a, b) = (socket(&lab, "a"), socket(&lab, "b"));
    let trips = run(&a, &b, &Stream { count: 2000, size: 100, gap: Duration::from_micros(300) });
    let lost = trips.iter().filter(|trip| trip.arrived.is_none()).count();
    assert!((330..470).contains(&lost), "{lost} of 2000 lost");
    let stats = lab.stats()["a>b"];
    assert_eq!((stats.packets_in, stats.lost), (2000, lost as u64));
}

#[test]
fn rate_is_kept_within_five_percent() {
    let link = Link { rate_kbps: 2000.0, queue_ms: 100.0, ..Link::PERFECT };
    let Some(lab) = start(Netlab::builder().link(link)) else {
        return;
    };
    let (a, b) = (socket(&lab, "a"), socket(&lab, "b"));
    let trips = run(&a, &b, &Stream { count: 750, size: 1000, gap: ms(2) });
    let arrivals: Vec<_> = trips.iter().filter_map(|trip| trip.arrived).collect();
    let span = arrivals[arrivals.len() - 1] - arrivals[0];
    let kbps = (arrivals.len() - 1) as f64 * 8.0 / span.as_secs_f64();
    assert!((kbps - 2000.0).abs() < 100.0, "{kbps} kbit/s");
    assert!(lab.stats()["a>b"].queue_drop > 200, "twice the rate was offered");
    let longest = percentile(&sorted_delays(&trips), 95);
    assert!(longest < ms(100 + 4 + 10), "the queue was {longest:?} long");
}

#[test]
fn schedule_changes_the_link_at_its_time() {
    let steps = Schedule::new(vec![(ms(0), Link::delayed(5.0)), (ms(1500), Link::delayed(60.0))]);
    let Some(lab) = start(Netlab::builder().schedule(steps)) else {
        return;
    };
    lab.restart_schedule().unwrap();
    let (a, b) = (socket(&lab, "a"), socket(&lab, "b"));
    let trips = run(&a, &b, &Stream { count: 200, size: 200, gap: ms(10) });
    let (early, late): (Vec<_>, Vec<_>) = trips.into_iter().partition(|trip| trip.sent < ms(1000));
    assert_median_near(&early, ms(5));
    let late: Vec<_> = late.into_iter().filter(|trip| trip.sent > ms(1520)).collect();
    assert_median_near(&late, ms(60));
}

#[test]
fn link_changes_by_hand_while_packets_flow() {
    let Some(lab) = start(Netlab::builder()) else {
        return;
    };
    let (a, b) = (socket(&lab, "a"), socket(&lab, "b"));
    assert!(reaches(&a, &b));
    lab.set_link(Link { down: true, ..Link::PERFECT });
    assert!(!reaches(&a, &b) && !reaches(&b, &a));
    lab.set_profile(eyeline_netlab::Profile::Lan);
    assert!(reaches(&a, &b) && reaches(&b, &a));
    lab.set_direction("b", "a", Link { down: true, ..Link::PERFECT }).unwrap();
    assert!(reaches(&a, &b) && !reaches(&b, &a));
}
