use super::*;
use proptest::prelude::*;

const RTT: Duration = Duration::from_millis(50);

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the tests count from it")]
    Instant::now()
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn asks_thrice_a_round_trip_until_the_repair_comes() {
    let t0 = start();
    let mut tracker = NackTracker::default();
    tracker.on_packet(1, false, t0);
    tracker.on_packet(3, false, t0);
    assert_eq!(tracker.poll(t0, RTT), Requests::default(), "it may only have been overtaken");
    assert_eq!(tracker.poll(t0 + ms(5), RTT).nack, [2]);
    // In case the request is lost, and in case the repair is.
    let asked: Vec<u64> = (6..100).filter(|t| tracker.poll(t0 + ms(*t), RTT).nack == [2]).collect();
    assert_eq!(asked, [18, 31, 66, 79, 92]);
    assert_eq!(tracker.on_packet(2, true, t0 + ms(100)), Arrival::Repaired);
    assert_eq!(tracker.deadline(), None);
    assert_eq!(tracker.on_packet(2, true, t0 + ms(101)), Arrival::Duplicate);
}

#[test]
fn gives_up_after_the_last_try_and_wants_a_key_frame() {
    let mut now = start();
    let mut tracker = NackTracker::default();
    tracker.on_packet(1, false, now);
    tracker.on_packet(3, false, now);
    let mut asked = 0;
    while let Some(at) = tracker.deadline() {
        now = at;
        let requests = tracker.poll(now, RTT);
        asked += requests.nack.len();
        assert_eq!(requests.key_frame, tracker.deadline().is_none());
    }
    assert_eq!(asked, usize::from(TRIES_MAX));
}

#[test]
fn a_long_gap_is_one_key_frame_and_not_hundreds_of_requests() {
    let t0 = start();
    let mut tracker = NackTracker::default();
    tracker.on_packet(1, false, t0);
    tracker.on_packet(5_000, false, t0);
    assert_eq!(tracker.deadline(), Some(t0));
    let requests = tracker.poll(t0, RTT);
    assert!(requests.key_frame && requests.nack.is_empty());
    assert_eq!(tracker.deadline(), None);
}

#[test]
fn learns_how_far_packets_overtake_each_other() {
    let t0 = start();
    let mut tracker = NackTracker::default();
    tracker.on_packet(1, false, t0);
    tracker.on_packet(3, false, t0);
    tracker.on_packet(2, false, t0 + ms(20));
    tracker.on_packet(5, false, t0 + ms(21));
    assert_eq!(tracker.deadline(), Some(t0 + ms(21) + ms(25)));
}

#[test]
fn packets_before_the_first_one_seen_are_new() {
    let t0 = start();
    let mut tracker = NackTracker::default();
    tracker.on_packet(10, false, t0);
    assert_eq!(tracker.on_packet(8, false, t0), Arrival::New);
    assert_eq!(tracker.on_packet(9, false, t0), Arrival::Repaired);
    assert_eq!(tracker.on_packet(8, false, t0), Arrival::Duplicate);
}

proptest! {
    /// Whatever is lost, doubled or reordered: no packet is let through twice, none is asked for once it is there or
    /// more often than allowed, and the list stays within its bound.
    #[test]
    fn requests_stay_within_their_bounds(
        first: u16,
        events in prop::collection::vec((0u16..40, 0u64..30), 1..400),
    ) {
        let mut now = start();
        let mut tracker = NackTracker::default();
        let mut arrived = std::collections::HashSet::new();
        let mut asked = std::collections::HashMap::<u16, u8>::new();
        let mut base = first;
        for (i, (offset, wait)) in events.into_iter().enumerate() {
            now += ms(wait);
            if i % 2 == 0 {
                base = base.wrapping_add(3);
            }
            let sequence = base.wrapping_add(offset);
            let arrival = tracker.on_packet(sequence, false, now);
            if arrival == Arrival::Duplicate {
                prop_assert!(arrived.contains(&sequence) || asked.get(&sequence) == Some(&TRIES_MAX));
            } else {
                prop_assert!(arrived.insert(sequence), "{sequence} was let through twice");
            }
            let requests = tracker.poll(now, RTT);
            for sequence in requests.nack {
                prop_assert!(!arrived.contains(&sequence), "{sequence} had arrived");
                let tries = asked.entry(sequence).or_default();
                *tries += 1;
                prop_assert!(*tries <= TRIES_MAX);
            }
            prop_assert!(tracker.missing() <= MISSING_MAX);
        }
    }

    /// On a link that loses packets and repairs alike, everything is repaired, at a price near the losses.
    #[test]
    fn five_percent_loss_costs_about_five_percent_of_repairs(seed: u64) {
        let mut random = seed | 1;
        let mut lost = move || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % 100 < 5
        };
        let t0 = start();
        let mut tracker = NackTracker::default();
        let mut repairs = std::collections::BTreeSet::<(u64, u16)>::new();
        let mut resent = std::collections::BTreeMap::<u16, u64>::new();
        let (mut losses, mut resends) = (0u32, 0u32);
        for t in 0..4_000u64 {
            let now = t0 + ms(t);
            while let Some(&(at, sequence)) = repairs.first()
                && at <= t
            {
                repairs.pop_first();
                tracker.on_packet(sequence, true, now);
            }
            // One packet a millisecond; the last ones all arrive so that every loss is seen.
            if t < 3_000 {
                if t > 0 && t < 2_990 && lost() {
                    losses += 1;
                } else {
                    tracker.on_packet(t as u16, false, now);
                }
            }
            let requests = tracker.poll(now, RTT);
            prop_assert!(!requests.key_frame);
            for sequence in requests.nack {
                // Senders answer once a round trip.
                if lost() || resent.insert(sequence, t).is_some_and(|at| t - at < 50) {
                    continue;
                }
                resends += 1;
                if !lost() {
                    repairs.insert((t + 50, sequence));
                }
            }
        }
        prop_assert_eq!(tracker.missing(), 0);
        prop_assert!(resends >= losses && resends <= losses + losses / 4 + 5, "{} resends for {} losses", resends, losses);
    }
}
