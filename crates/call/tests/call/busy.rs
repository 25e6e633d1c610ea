//! Two calls at once: glare, busy, re-call.
use crate::solo::*;
use eyeline_call::{EndedBy, Intent, Output, Phase, Request, Role};
use eyeline_protocol::rest::EndReason;

#[test]
fn dialing_the_person_who_is_calling_accepts_their_call() {
    let mut solo = Solo::rung();
    assert_eq!(requests(&solo.dial(PEER)), [Request::Accept(call_id(10))]);
    assert_eq!(solo.phase(), Phase::Connecting);
}

#[test]
fn glare_answered_as_ongoing_makes_this_side_the_callee() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    let ring = solo.incoming(pending(9, PEER, ME));
    assert!(!ring.contains(&Output::StartRinging));
    let outputs = solo.placed(1, Ok(ongoing(pending(9, PEER, ME), device(ME))));
    assert!(outputs.contains(&Output::CreatePeer { call_id: call_id(9), role: Role::Callee }));
    assert!(!outputs.iter().any(|o| matches!(o, Output::CreateOffer { .. })));
}

#[test]
fn glare_answered_as_pending_accepts_their_call() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    let outputs = solo.placed(1, Ok(pending(9, PEER, ME)));
    assert_eq!(requests(&outputs), [Request::Accept(call_id(9))]);
}

#[test]
fn glare_that_the_server_refuses_accepts_their_call() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.incoming(pending(9, PEER, ME));
    let outputs = solo.placed(1, Err(refused("conflict")));
    assert_eq!(requests(&outputs), [Request::Accept(call_id(9))]);
}

#[test]
fn glare_that_the_server_leaves_open_is_won_by_the_older_call_at_both_ends() {
    let mut loser = Solo::ringing();
    let outputs = loser.incoming(pending(9, PEER, ME));
    assert_eq!(requests(&outputs), [Request::Cancel(call_id(10)), Request::Accept(call_id(9))]);
    assert_eq!(loser.phase(), Phase::Connecting);
    let mut winner = Solo::ringing();
    assert!(winner.incoming(pending(11, PEER, ME)).is_empty());
    assert_eq!(winner.phase(), Phase::Ringing);
}

#[test]
fn second_caller_is_told_busy_in_every_state_of_a_call() {
    let mut dialing = Solo::new();
    dialing.dial(PEER);
    let mut accepting = Solo::rung();
    accepting.intent(Intent::Accept);
    let states = [
        dialing,
        accepting,
        Solo::ringing(),
        Solo::rung(),
        Solo::caller_connecting(),
        Solo::callee_connecting(),
        Solo::caller_active(),
    ];
    for mut solo in states {
        let phase = solo.phase();
        let outputs = solo.incoming(pending(20, THIRD, ME));
        assert_eq!(requests(&outputs), [Request::End(call_id(20), EndReason::Busy)], "{phase:?}");
        assert_eq!(solo.phase(), phase);
    }
}

#[test]
fn busy_that_the_server_refuses_becomes_a_decline() {
    let mut solo = Solo::caller_active();
    solo.incoming(pending(20, THIRD, ME));
    let outputs = solo.reply(Request::End(call_id(20), EndReason::Busy), Err(refused("conflict")));
    assert_eq!(requests(&outputs), [Request::Decline(call_id(20))]);
}

#[test]
fn busy_callee_is_seen_as_busy_whether_answered_or_refused() {
    for result in [Ok(ended(pending(10, ME, PEER), EndReason::Busy)), Err(refused("busy"))] {
        let mut solo = Solo::new();
        solo.dial(PEER);
        solo.placed(1, result);
        let end = solo.machine.view().end.clone().expect("ended");
        assert_eq!((end.reason, end.by), (EndReason::Busy, EndedBy::Peer));
    }
}

#[test]
fn peer_that_calls_anew_replaces_the_call_it_has_lost() {
    for mut solo in [Solo::callee_active(), Solo::caller_active(), Solo::rung()] {
        let outputs = solo.incoming(pending(20, PEER, ME));
        assert!(outputs.contains(&Output::StartRinging));
        assert_eq!(solo.machine.view().call_id, Some(call_id(20)));
    }
}

#[test]
fn call_replaced_at_the_server_ends_as_replaced() {
    let mut solo = Solo::rung();
    solo.update(ended(pending(10, PEER, ME), EndReason::Replaced));
    assert_eq!(solo.end_reason(), Some(EndReason::Replaced));
    solo.incoming(pending(11, PEER, ME));
    assert_eq!(solo.phase(), Phase::Incoming);
}

#[test]
fn dialing_somebody_else_during_a_call_does_nothing() {
    for mut solo in [Solo::rung(), Solo::ringing(), Solo::caller_active()] {
        assert!(solo.dial(THIRD).is_empty());
    }
}

#[test]
fn declined_call_that_is_dialed_back_at_once_lives_again() {
    let mut solo = Solo::rung();
    solo.intent(Intent::Decline);
    solo.dial(PEER);
    let live = ongoing(pending(10, PEER, ME), device(ME));
    solo.placed(1, Ok(live.clone()));
    assert_eq!(solo.phase(), Phase::Connecting);
    assert!(requests(&solo.reply(Request::Decline(call_id(10)), Ok(live))).is_empty());
}
