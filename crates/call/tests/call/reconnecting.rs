//! Losing the path and looking for another.
use crate::solo::*;
use eyeline_call::{Input, Output, PeerFact, Phase, SignalingFact};
use eyeline_protocol::{
    rest::EndReason,
    signal::{ConnectionState, SdpKind, Signal},
};

/// What the peer sees of the path, by way of the server.
fn peer_says(solo: &mut Solo, state: ConnectionState) -> Vec<Output> {
    solo.signal(Signal::ConnectionState { state })
}

fn check(output: &Output) -> bool {
    matches!(output, Output::CheckSignaling(_))
}

#[test]
fn short_disconnection_is_waited_out() {
    let mut solo = Solo::caller_active();
    solo.connection(ConnectionState::Disconnected);
    assert_eq!(restarts(&solo.wait(2_499)), 0);
    solo.connection(ConnectionState::Connected);
    assert_eq!(restarts(&solo.wait(60_000)), 0);
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn longer_disconnection_restarts_ice() {
    let mut solo = Solo::caller_active();
    solo.connection(ConnectionState::Disconnected);
    peer_says(&mut solo, ConnectionState::Disconnected);
    assert_eq!(restarts(&solo.wait(2_500)), 1);
    assert_eq!(solo.phase(), Phase::Reconnecting);
    solo.connection(ConnectionState::Connected);
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn failure_restarts_ice_at_once_at_the_caller_and_a_second_later_at_the_callee() {
    let mut caller = Solo::caller_active();
    caller.connection(ConnectionState::Failed);
    assert_eq!(caller.phase(), Phase::Reconnecting);
    assert_eq!(restarts(&caller.wait(0)), 1);
    let mut callee = Solo::callee_active();
    callee.connection(ConnectionState::Failed);
    assert_eq!(restarts(&callee.wait(999)), 0);
    assert_eq!(restarts(&callee.wait(1)), 1);
}

#[test]
fn caller_restarts_when_the_callee_reports_failure() {
    let mut solo = Solo::caller_active();
    solo.signal(Signal::ConnectionState { state: ConnectionState::Failed });
    assert_eq!(restarts(&solo.wait(0)), 1);
}

#[test]
fn restarts_back_off_up_to_eight_seconds_and_end_after_a_minute() {
    let mut solo = Solo::caller_active();
    solo.connection(ConnectionState::Failed);
    let mut at = Vec::new();
    let mut seq = 1;
    for second in 0..60 {
        for output in solo.wait(if second == 0 { 0 } else { 1_000 }) {
            if let Output::CreateOffer { seq: new, ice_restart: true } = output {
                seq = new;
                at.push(second);
            }
        }
        // Every offer is answered at once, and none helps.
        let offer = sdp(SdpKind::Offer, &format!("o{seq}"));
        solo.fact(PeerFact::OfferCreated { seq, offer });
        let answer = eyeline_sdp(SdpKind::Answer, &format!("a{seq}"));
        solo.signal(Signal::Answer { answer });
    }
    assert_eq!(at[..5], [0, 2, 6, 14, 22]);
    solo.wait(1_000);
    assert_eq!(solo.end_reason(), Some(EndReason::ConnectionFailed));
}

#[test]
fn the_side_that_answers_a_restart_gives_it_as_much_time_as_the_one_that_began_it() {
    let mut solo = Solo::callee_active();
    solo.connection(ConnectionState::Failed);
    solo.wait(150);
    let offer = eyeline_sdp(SdpKind::Offer, "restart");
    let asked = solo.signal(Signal::Offer { offer });
    let seq = asked.iter().find_map(|output| match output {
        Output::AcceptOffer { seq, .. } => Some(*seq),
        _ => None,
    });
    let answer = sdp(SdpKind::Answer, "answer");
    solo.fact(PeerFact::AnswerCreated { seq: seq.expect("the offer is taken"), answer });
    assert_eq!(restarts(&solo.wait(2_999)), 0);
    assert_eq!(restarts(&solo.wait(1)), 1);
}

#[test]
fn first_connection_has_thirty_seconds() {
    for mut solo in [Solo::caller_connecting(), Solo::callee_connecting()] {
        solo.wait(29_999);
        assert_eq!(solo.phase(), Phase::Connecting);
        solo.wait(1);
        assert_eq!(solo.end_reason(), Some(EndReason::ConnectionFailed));
    }
}

#[test]
fn failed_first_attempt_is_tried_again_within_its_time() {
    let mut solo = Solo::caller_connecting();
    solo.peer_present();
    solo.fact(PeerFact::OfferCreated { seq: 1, offer: sdp(SdpKind::Offer, "o1") });
    solo.signal(Signal::Answer { answer: sdp(SdpKind::Answer, "a1") });
    solo.connection(ConnectionState::Failed);
    assert_eq!(restarts(&solo.wait(0)), 1);
    assert_eq!(solo.phase(), Phase::Connecting);
}

#[test]
fn ice_restart_waits_until_the_peer_can_be_told() {
    let mut solo = Solo::caller_active();
    solo.signal(Signal::Peer { user_id: user(PEER).id, present: false });
    solo.connection(ConnectionState::Failed);
    assert_eq!(
        restarts(&solo.wait(10_000)),
        0,
        "the old path may come back by itself, if its candidates are kept"
    );
    assert_eq!(restarts(&solo.peer_present()), 1);
}

#[test]
fn path_that_comes_back_by_itself_needs_no_restart_afterwards() {
    let mut solo = Solo::caller_active();
    solo.signal(Signal::Peer { user_id: user(PEER).id, present: false });
    solo.connection(ConnectionState::Failed);
    solo.wait(10_000);
    solo.connection(ConnectionState::Connected);
    assert_eq!(restarts(&solo.peer_present()), 0);
}

#[test]
fn time_connected_counts_from_the_first_connection() {
    let mut solo = Solo::caller_active();
    let since = solo.machine.view().connected_at;
    solo.connection(ConnectionState::Failed);
    solo.wait(5_000);
    solo.connection(ConnectionState::Connected);
    assert_eq!(solo.machine.view().connected_at, since);
}

#[test]
fn disconnection_asks_at_once_whether_the_server_is_there() {
    let mut solo = Solo::caller_active();
    assert!(solo.connection(ConnectionState::Disconnected).iter().any(check));
}

#[test]
fn path_to_a_peer_that_says_nothing_is_kept_for_half_a_minute() {
    let mut solo = Solo::caller_active();
    peer_says(&mut solo, ConnectionState::Connected);
    solo.connection(ConnectionState::Disconnected);
    assert_eq!(restarts(&solo.wait(29_999)), 0, "its whole network may be away, and come back");
    assert_eq!(solo.phase(), Phase::Reconnecting);
    assert_eq!(restarts(&solo.wait(1)), 1);
}

#[test]
fn silent_peer_that_speaks_again_is_told_of_new_paths_if_the_old_one_does_not_come_back_with_it() {
    for returns in [false, true] {
        let mut solo = Solo::caller_active();
        solo.connection(ConnectionState::Disconnected);
        solo.wait(10_000);
        peer_says(&mut solo, ConnectionState::Disconnected);
        assert_eq!(restarts(&solo.wait(999)), 0);
        if returns {
            solo.connection(ConnectionState::Connected);
        }
        assert_eq!(restarts(&solo.wait(1)), usize::from(!returns));
    }
}

#[test]
fn peer_that_is_back_at_the_server_may_be_back_on_the_old_path() {
    for returns in [false, true] {
        let mut solo = Solo::caller_active();
        solo.connection(ConnectionState::Disconnected);
        solo.signal(Signal::Peer { user_id: user(PEER).id, present: false });
        assert_eq!(restarts(&solo.wait(31_000)), 0);
        assert_eq!(restarts(&solo.peer_present()), 0);
        assert_eq!(restarts(&solo.wait(999)), 0);
        if returns {
            solo.connection(ConnectionState::Connected);
        }
        assert_eq!(restarts(&solo.wait(1)), usize::from(!returns));
    }
}

#[test]
fn peer_that_noticed_first_has_spoken_already() {
    let mut solo = Solo::caller_active();
    peer_says(&mut solo, ConnectionState::Disconnected);
    solo.connection(ConnectionState::Disconnected);
    assert_eq!(restarts(&solo.wait(2_500)), 1);
}

#[test]
fn peer_that_misses_us_is_answered_though_the_path_works_here() {
    let mut solo = Solo::caller_active();
    let said = sent(&peer_says(&mut solo, ConnectionState::Disconnected));
    assert_eq!(said, [Signal::ConnectionState { state: ConnectionState::Connected }]);
}

#[test]
fn restart_that_finds_no_path_is_shown_as_reconnecting() {
    let mut solo = Solo::callee_active();
    solo.connection(ConnectionState::Connecting);
    solo.wait(2_499);
    assert_eq!(solo.phase(), Phase::Active);
    solo.wait(1);
    assert_eq!(solo.phase(), Phase::Reconnecting);
}

#[test]
fn call_without_path_and_server_is_given_up_after_a_minute_and_not_before() {
    for mut solo in [Solo::caller_active(), Solo::callee_active()] {
        let call_id = solo.machine.view().call_id.expect("a call");
        solo.connection(ConnectionState::Disconnected);
        solo.step(Input::Signaling { call_id, fact: SignalingFact::Down });
        solo.wait(2_500 + 59_999);
        assert_eq!(solo.phase(), Phase::Reconnecting);
        solo.wait(1);
        assert_eq!(solo.end_reason(), Some(EndReason::ConnectionFailed));
    }
}

#[test]
fn first_connection_that_does_not_come_is_looked_for_elsewhere() {
    let mut solo = Solo::caller_connecting();
    solo.peer_present();
    solo.fact(PeerFact::OfferCreated { seq: 1, offer: sdp(SdpKind::Offer, "o1") });
    solo.signal(Signal::Answer { answer: sdp(SdpKind::Answer, "a1") });
    solo.connection(ConnectionState::Connecting);
    assert_eq!(restarts(&solo.wait(9_999)), 0);
    assert_eq!(restarts(&solo.wait(1)), 1);
}
