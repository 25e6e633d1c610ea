#![expect(clippy::disallowed_methods, reason = "a start for virtual time")]
use super::{super::stun::message, *};
use proptest::prelude::*;

fn peer() -> SocketAddr {
    "192.0.2.1:5".parse().expect("an address")
}

fn dtls(kind: u8, epoch: u8, number: u8) -> Vec<u8> {
    vec![kind, 254, 253, 0, epoch, 0, 0, 0, 0, 0, number, 0, 1, 7]
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Times, in ms after `start`, at which datagrams are sent again until `end`.
fn repeats(flights: &mut Flights, start: Instant, end: Duration) -> Vec<(u128, usize)> {
    let mut out = Vec::new();
    while let Some(due) = flights.due().filter(|due| *due <= start + end) {
        let count = flights.repeat(due).len();
        out.push((due.duration_since(start).as_millis(), count));
    }
    out
}

#[test]
fn an_unanswered_flight_is_repeated_whole_ever_later_and_not_for_ever() {
    let (mut flights, start) = (Flights::default(), Instant::now());
    flights.on_sent(peer(), &dtls(22, 0, 0), start);
    flights.on_sent(peer(), &dtls(20, 0, 1), start);
    let expected = vec![(30, 2), (180, 2), (480, 2), (1_080, 2), (2_280, 2)];
    assert_eq!(repeats(&mut flights, start, ms(60_000)), expected);
    assert!(flights.repeat(start + ms(60_000)).is_empty());
}

#[test]
fn the_wait_follows_the_round_trip_of_connectivity_checks_within_bounds() {
    for (round_trip, wait) in [(1, 50), (100, 150), (200, 300), (5_000, 500)] {
        let (mut flights, start) = (Flights::default(), Instant::now());
        flights.on_sent(peer(), &message(BINDING_REQUEST, 1), start);
        flights.on_received(&message(BINDING_SUCCESS, 2), start + ms(round_trip / 2));
        flights.on_received(&message(BINDING_SUCCESS, 1), start + ms(round_trip));
        // Of one that was repeated nobody knows.
        flights.on_sent(peer(), &message(BINDING_REQUEST, 3), start);
        flights.on_check_repeated(&message(BINDING_REQUEST, 3));
        flights.on_received(&message(BINDING_SUCCESS, 3), start + ms(round_trip + 90));
        let start = start + ms(round_trip);
        flights.on_sent(peer(), &dtls(22, 0, 0), start);
        assert_eq!(flights.due(), Some(start + ms(30)));
        flights.repeat(start + ms(30));
        assert_eq!(flights.due(), Some(start + ms(30 + wait)));
    }
}

#[test]
fn an_answer_ends_repetition_and_an_old_record_does_not() {
    let (mut flights, start) = (Flights::default(), Instant::now());
    flights.on_received(&dtls(22, 0, 4), start);
    flights.on_sent(peer(), &dtls(22, 0, 0), start);
    flights.on_received(&dtls(22, 0, 4), start + ms(10));
    flights.on_received(&[0x80; 40], start + ms(10));
    assert!(flights.due().is_some());
    flights.on_received(&dtls(23, 1, 0), start + ms(20));
    assert_eq!(flights.due(), None);
}

#[test]
fn the_next_flight_and_a_repetition_by_the_library_replace_the_last_one() {
    let (mut flights, start) = (Flights::default(), Instant::now());
    flights.on_sent(peer(), &dtls(22, 0, 0), start);
    flights.on_received(&dtls(22, 0, 0), start + ms(20));
    flights.on_sent(peer(), &dtls(22, 0, 1), start + ms(21));
    assert_eq!(flights.repeat(start + ms(200)), [(peer(), Bytes::from(dtls(22, 0, 1)))]);
    flights.on_sent(peer(), &dtls(22, 0, 2), start + ms(1_021));
    assert_eq!(flights.repeat(start + ms(1_200)), [(peer(), Bytes::from(dtls(22, 0, 2)))]);
}

proptest! {
    #[test]
    fn any_datagrams_are_held_within_bounds(
        datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..300),
    ) {
        let (mut flights, now) = (Flights::default(), Instant::now());
        for (sent, datagram) in datagrams {
            match sent {
                true => flights.on_sent(peer(), &datagram, now),
                false => flights.on_received(&datagram, now),
            }
        }
        prop_assert!(flights.flight.len() <= DATAGRAMS_MAX && flights.checks.len() <= CHECKS_MAX);
    }
}
