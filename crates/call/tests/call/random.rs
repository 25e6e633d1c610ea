//! Two or three devices, a server and a network: first by script, then by chance.
use crate::{
    solo::{ME, PEER, THIRD},
    world::{Weather, World},
};
use eyeline_call::{Intent, MediaState, NetworkFact, Phase};
use eyeline_protocol::rest::EndReason;
use proptest::prelude::*;

fn clear() -> Weather {
    Weather { delay_ms: 40, ..Weather::default() }
}

fn in_call(people: &[u128]) -> World {
    let mut world = World::new(people, clear(), 1);
    world.dial(0, 1);
    world.run(500);
    assert_eq!(world.phases()[..2], [Phase::Ringing, Phase::Incoming]);
    world.intent(1, Intent::Accept);
    world.run(2_000);
    assert_eq!(world.phases()[..2], [Phase::Active, Phase::Active]);
    world
}

fn reasons(world: &World) -> Vec<Option<EndReason>> {
    let reason = |d: &crate::world::Device| d.machine.view().end.as_ref().map(|end| end.reason);
    world.devices.iter().map(reason).collect()
}

#[test]
fn two_devices_talk_and_hang_up() {
    let mut world = in_call(&[ME, PEER]);
    world.intent(0, Intent::SetCamera(false));
    world.run(500);
    let seen = world.devices[1].machine.view().remote;
    assert_eq!(seen, Some(MediaState { microphone: true, camera: false }));
    world.intent(1, Intent::HangUp);
    world.run(500);
    assert_eq!(reasons(&world), [Some(EndReason::Hangup); 2]);
    world.assert_settled();
}

#[test]
fn two_who_call_each_other_at_the_same_time_are_connected() {
    for seed in 0..50 {
        let mut world = World::new(&[ME, PEER], clear(), seed);
        world.dial(0, 1);
        world.dial(1, 0);
        world.run(5_000);
        assert_eq!(world.phases(), [Phase::Active, Phase::Active], "seed {seed}");
    }
}

#[test]
fn first_device_to_accept_takes_the_call() {
    for seed in 0..50 {
        let mut world = World::new(&[ME, PEER, PEER], clear(), seed);
        world.dial(0, 1);
        world.run(1_000);
        world.intent(1, Intent::Accept);
        world.intent(2, Intent::Accept);
        world.run(5_000);
        let elsewhere = reasons(&world).iter().filter(|r| **r == Some(EndReason::AnsweredElsewhere)).count();
        assert_eq!(elsewhere, 1, "seed {seed}");
        assert_eq!(world.phase(0), Phase::Active);
        world.assert_settled();
    }
}

#[test]
fn lost_path_comes_back_after_a_change_of_network() {
    let mut world = in_call(&[ME, PEER]);
    world.network_changes();
    world.run(3_560);
    assert!(world.phases().contains(&Phase::Reconnecting));
    world.run(10_000);
    assert_eq!(world.phases(), [Phase::Active, Phase::Active]);
}

#[test]
fn path_lost_for_good_ends_the_call_at_both_ends() {
    let mut world = in_call(&[ME, PEER]);
    world.path_down(1_000_000);
    world.run(80_000);
    assert_eq!(reasons(&world), [Some(EndReason::ConnectionFailed); 2]);
    world.assert_settled();
}

#[test]
fn call_lives_on_without_any_way_to_the_server() {
    let mut world = in_call(&[ME, PEER]);
    world.events_down(0, 300_000);
    world.signaling_down(0);
    world.run(290_000);
    assert_eq!(world.phases(), [Phase::Active, Phase::Active]);
}

#[derive(Debug, Clone)]
enum Action {
    Dial(usize, usize),
    Intent(usize, Intent),
    Wait(u64),
    PathDown(u64),
    NetworkChanges,
    EventsDown(usize, u64),
    SignalingDown(usize),
    Network(usize, NetworkFact),
}

fn action(devices: usize) -> impl Strategy<Value = Action> {
    let n = 0..devices;
    let intent = prop_oneof![
        4 => Just(Intent::Accept),
        1 => Just(Intent::Decline),
        2 => Just(Intent::HangUp),
        1 => Just(Intent::Dismiss),
        1 => any::<bool>().prop_map(Intent::SetMicrophone),
        1 => any::<bool>().prop_map(Intent::SetCamera),
    ];
    prop_oneof![
        4 => (n.clone(), n.clone()).prop_map(|(a, b)| Action::Dial(a, b)),
        6 => (n.clone(), intent).prop_map(|(n, intent)| Action::Intent(n, intent)),
        6 => (0_u64..3_000).prop_map(Action::Wait),
        1 => (0_u64..90_000).prop_map(Action::Wait),
        1 => (0_u64..70_000).prop_map(Action::PathDown),
        1 => Just(Action::NetworkChanges),
        1 => (n.clone(), 0_u64..20_000).prop_map(|(n, ms)| Action::EventsDown(n, ms)),
        1 => n.clone().prop_map(Action::SignalingDown),
        1 => (n, network()).prop_map(|(n, fact)| Action::Network(n, fact)),
    ]
}

fn network() -> impl Strategy<Value = NetworkFact> {
    prop_oneof![
        Just(NetworkFact::Gone),
        Just(NetworkFact::Changed),
        Just(NetworkFact::PathLost),
        Just(NetworkFact::Woken),
    ]
}

fn weather() -> impl Strategy<Value = Weather> {
    (0_u64..40, any::<bool>(), 0_u64..30, 0_u64..800).prop_map(
        |(relay_loss, reorder, rest_loss, delay_ms)| Weather { relay_loss, reorder, rest_loss, delay_ms },
    )
}

fn live_through(people: &[u128], weather: Weather, seed: u64, actions: &[Action]) {
    let mut world = World::new(people, weather, seed);
    for action in actions {
        match action {
            Action::Dial(from, to) if people[*from] != people[*to] => world.dial(*from, *to),
            Action::Dial(..) => {}
            Action::Intent(n, intent) => world.intent(*n, intent.clone()),
            Action::Wait(ms) => world.run(*ms),
            Action::PathDown(ms) => world.path_down(*ms),
            Action::NetworkChanges => world.network_changes(),
            Action::EventsDown(n, ms) => world.events_down(*n, *ms),
            Action::SignalingDown(n) => world.signaling_down(*n),
            Action::Network(n, fact) => world.network(*n, *fact),
        }
    }
    // The storm passes: every device hears the server again, and time runs out for whatever cannot go on.
    world.weather = clear();
    for n in 0..people.len() {
        world.network(n, NetworkFact::Changed);
    }
    world.run(100_000);
    for n in 0..people.len() {
        world.events_down(n, 0);
    }
    world.run(200_000);
    world.assert_settled();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_machines_agree_in_the_end_whatever_happens(
        weather in weather(), seed: u64, actions in prop::collection::vec(action(2), 1..40),
    ) {
        live_through(&[ME, PEER], weather, seed, &actions);
    }

    #[test]
    fn four_devices_of_three_people_agree_in_the_end(
        weather in weather(), seed: u64, actions in prop::collection::vec(action(4), 1..40),
    ) {
        live_through(&[ME, PEER, PEER, THIRD], weather, seed, &actions);
    }
}
