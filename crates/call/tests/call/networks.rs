//! This machine's network becomes another one, goes, and comes back.
use crate::solo::*;
use eyeline_call::{Input, NetworkFact, Output, PeerFact, Phase, SignalingFact};
use eyeline_protocol::signal::{ConnectionState, SdpKind, Signal};

/// The number of the restart's offer that is asked for.
fn created(outputs: &[Output]) -> Option<u32> {
    outputs.iter().find_map(|output| match output {
        Output::CreateOffer { seq, ice_restart: true } => Some(*seq),
        _ => None,
    })
}

fn network(solo: &mut Solo, fact: NetworkFact) -> Vec<Output> {
    solo.step(Input::Network(fact))
}

/// Three seconds without a network, and so without the server.
fn gone(mut solo: Solo) -> Solo {
    network(&mut solo, NetworkFact::Gone);
    let call_id = solo.machine.view().call_id.expect("a call");
    solo.step(Input::Signaling { call_id, fact: SignalingFact::Down });
    assert_eq!(restarts(&solo.wait(3_000)), 0);
    solo
}

#[test]
fn lost_address_restarts_ice_at_once_and_nobody_sees_reconnecting() {
    for mut solo in [Solo::caller_active(), Solo::callee_active()] {
        solo.step(Input::Network(NetworkFact::PathLost));
        assert_eq!(restarts(&solo.wait(0)), 1);
        solo.connection(ConnectionState::Connecting);
        solo.wait(2_499);
        assert_eq!(solo.phase(), Phase::Active);
        solo.connection(ConnectionState::Connected);
        solo.wait(60_000);
        assert_eq!(solo.phase(), Phase::Active);
    }
}

#[test]
fn lost_address_is_made_good_as_soon_as_the_server_is_back() {
    let mut solo = Solo::caller_active();
    let call_id = solo.machine.view().call_id.expect("a call");
    solo.step(Input::Signaling { call_id, fact: SignalingFact::Down });
    solo.step(Input::Network(NetworkFact::PathLost));
    assert_eq!(restarts(&solo.wait(5_000)), 0);
    assert_eq!(restarts(&solo.peer_present()), 1, "though ICE has not noticed");
}

#[test]
fn lost_address_is_made_good_at_once_though_ice_has_noticed_meanwhile() {
    for fact in [NetworkFact::PathLost, NetworkFact::Changed] {
        let mut solo = Solo::caller_active();
        let call_id = solo.machine.view().call_id.expect("a call");
        solo.step(Input::Signaling { call_id, fact: SignalingFact::Down });
        solo.connection(ConnectionState::Disconnected);
        solo.wait(3_000);
        solo.step(Input::Network(fact));
        assert_eq!(restarts(&solo.wait(5_000)), 0);
        assert_eq!(restarts(&solo.peer_present()), 1, "{fact:?}");
    }
}

#[test]
fn descriptions_of_a_network_that_is_gone_are_followed_by_others_at_once() {
    let mut solo = Solo::caller_active();
    solo.step(Input::Network(NetworkFact::PathLost));
    let seq = created(&solo.wait(0)).expect("a restart");
    solo.fact(PeerFact::OfferCreated { seq, offer: sdp(SdpKind::Offer, "of the second network") });
    solo.step(Input::Network(NetworkFact::PathLost));
    assert_eq!(created(&solo.wait(500)), None, "its answer may be on the way, and would fit no other offer");
    solo.signal(Signal::Answer { answer: eyeline_sdp(SdpKind::Answer, "to the second") });
    let seq = created(&solo.wait(0)).expect("an offer of the third network");
    solo.fact(PeerFact::OfferCreated { seq, offer: sdp(SdpKind::Offer, "of the third network") });
    solo.signal(Signal::Answer { answer: eyeline_sdp(SdpKind::Answer, "to the third") });
    assert_eq!(created(&solo.wait(500)), None);
}

#[test]
fn another_network_leaves_a_path_that_works_alone() {
    let mut solo = Solo::caller_active();
    solo.step(Input::Network(NetworkFact::Changed));
    assert_eq!(restarts(&solo.wait(60_000)), 0);
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn another_network_is_tried_at_once_where_the_path_is_in_doubt() {
    let mut solo = Solo::caller_active();
    solo.connection(ConnectionState::Disconnected);
    solo.step(Input::Network(NetworkFact::Changed));
    assert_eq!(restarts(&solo.wait(0)), 1);
}

#[test]
fn without_any_network_the_old_path_is_kept_unless_the_server_is_on_this_machine() {
    let mut beside = Solo::caller_active();
    network(&mut beside, NetworkFact::Gone);
    assert_eq!(restarts(&beside.wait(500)), 1, "the peer is there as well, perhaps");
    let mut apart = gone(Solo::caller_active());
    assert_eq!(restarts(&apart.wait(5_000)), 0);
}

#[test]
fn network_that_comes_back_without_the_path_is_searched_after_a_moment_by_the_callee_later() {
    for (solo, moment) in [(Solo::caller_active(), 1_000), (Solo::callee_active(), 2_000)] {
        let mut solo = gone(solo);
        solo.connection(ConnectionState::Disconnected);
        network(&mut solo, NetworkFact::Changed);
        assert_eq!(restarts(&solo.peer_present()), 0, "it may bring the path with it");
        assert_eq!(restarts(&solo.wait(moment - 1)), 0);
        assert_eq!(restarts(&solo.wait(1)), 1, "it has not");
    }
}

#[test]
fn network_that_comes_back_with_the_path_needs_no_restart() {
    let back = |solo: &mut Solo| network(solo, NetworkFact::Changed);
    let linked = |solo: &mut Solo| restarts(&solo.peer_present());
    // ICE has noticed, or it has not; the look at the network comes before the server's word, or after it.
    for (notices, looks_first) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut solo = gone(Solo::caller_active());
        if notices {
            solo.connection(ConnectionState::Disconnected);
        }
        if looks_first {
            back(&mut solo);
        }
        assert_eq!(linked(&mut solo), 0);
        if !looks_first {
            back(&mut solo);
        }
        solo.connection(ConnectionState::Connected);
        assert_eq!(restarts(&solo.wait(60_000)), 0, "{notices} {looks_first}");
        assert_eq!(solo.phase(), Phase::Active);
    }
}

#[test]
fn network_that_comes_back_as_another_is_searched_at_once() {
    let mut solo = gone(Solo::caller_active());
    solo.connection(ConnectionState::Disconnected);
    network(&mut solo, NetworkFact::PathLost);
    solo.wait(0);
    assert_eq!(restarts(&solo.peer_present()), 1);
}

#[test]
fn machine_that_wakes_before_its_network_is_there_waits_for_it() {
    let mut solo = gone(Solo::caller_active());
    solo.connection(ConnectionState::Disconnected);
    network(&mut solo, NetworkFact::Woken);
    solo.wait(5_000);
    network(&mut solo, NetworkFact::Changed);
    assert_eq!(restarts(&solo.peer_present()), 0);
    solo.connection(ConnectionState::Connected);
    assert_eq!(restarts(&solo.wait(60_000)), 0);
}

#[test]
fn path_that_was_lost_before_the_network_went_is_not_waited_for() {
    let mut solo = Solo::caller_active();
    let call_id = solo.machine.view().call_id.expect("a call");
    solo.step(Input::Signaling { call_id, fact: SignalingFact::Down });
    network(&mut solo, NetworkFact::PathLost);
    solo.wait(100);
    network(&mut solo, NetworkFact::Gone);
    solo.wait(1_000);
    network(&mut solo, NetworkFact::Changed);
    solo.wait(0);
    assert_eq!(restarts(&solo.peer_present()), 1, "though ICE has not noticed");
}

#[test]
fn offer_that_was_made_without_a_network_is_made_anew_with_it() {
    let mut solo = Solo::caller_active();
    network(&mut solo, NetworkFact::Gone);
    let seq = created(&solo.wait(200)).expect("the server is on this machine");
    solo.fact(PeerFact::OfferCreated { seq, offer: sdp(SdpKind::Offer, "loopback") });
    network(&mut solo, NetworkFact::Changed);
    assert_eq!(created(&solo.wait(100)), None);
    solo.signal(Signal::Answer { answer: eyeline_sdp(SdpKind::Answer, "to loopback") });
    assert!(created(&solo.wait(0)).is_some());
}

#[test]
fn caller_whom_the_peer_misses_looks_for_a_path_though_its_own_seems_to_work() {
    let mut solo = Solo::caller_active();
    let call_id = solo.machine.view().call_id.expect("a call");
    solo.step(Input::Signaling { call_id, fact: SignalingFact::Down });
    solo.signal(Signal::ConnectionState { state: ConnectionState::Failed });
    network(&mut solo, NetworkFact::Gone);
    solo.wait(1_000);
    network(&mut solo, NetworkFact::Changed);
    let asked = restarts(&solo.peer_present()) + restarts(&solo.wait(1_000));
    assert_eq!(asked, 1);
}
