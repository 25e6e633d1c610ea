//! From the wish to call, or the first ring, to the answer.
use crate::solo::*;
use eyeline_call::{EndedBy, Failure, Intent, Output, Phase, Request, Role, Time};
use eyeline_protocol::{event::ClientEvent, rest::EndReason};

#[test]
fn dialing_asks_the_server_and_rings_back_once_it_rings() {
    let mut solo = Solo::new();
    let callee = user(PEER).id;
    assert_eq!(requests(&solo.dial(PEER)), [Request::Initiate { attempt: 1, callee }]);
    assert_eq!(solo.phase(), Phase::Dialing);
    let outputs = solo.placed(1, Ok(pending(10, ME, PEER)));
    assert_eq!(
        outputs,
        [
            Output::StartRingback,
            Output::OpenSignaling(call_id(10)),
            Output::CreatePeer { call_id: call_id(10), role: Role::Caller },
            Output::CreateOffer { seq: 1, ice_restart: false },
            Output::Changed,
        ]
    );
    let view = solo.machine.view();
    assert_eq!((view.phase, view.role), (Phase::Ringing, Some(Role::Caller)));
    assert_eq!(view.ring_deadline, Some(Time::from_ms(61_000)));
}

#[test]
fn incoming_call_rings_and_reports_that_it_does() {
    let mut solo = Solo::new();
    let outputs = solo.incoming(pending(10, PEER, ME));
    let report = Output::Report(ClientEvent::Ringing { call_id: call_id(10) });
    assert_eq!(outputs, [Output::StartRinging, report, Output::OpenSignaling(call_id(10)), Output::Changed]);
    assert_eq!(solo.machine.view().peer, Some(user(PEER)));
}

#[test]
fn camera_stays_dark_and_no_path_is_looked_for_until_the_call_is_accepted() {
    let mut solo = Solo::rung();
    let outputs = solo.intent(Intent::Accept);
    assert!(matches!(
        outputs[..],
        [
            Output::StopRinging,
            Output::CheckSignaling(_),
            Output::StartMedia(_),
            Output::Request(Request::Accept(_)),
            Output::CreatePeer { .. },
            Output::Changed
        ]
    ));
}

#[test]
fn declined_call_is_declined_at_the_server_by_me() {
    let mut solo = Solo::rung();
    assert_eq!(requests(&solo.intent(Intent::Decline)), [Request::Decline(call_id(10))]);
    let end = solo.machine.view().end.clone().expect("ended");
    assert_eq!((end.reason, end.by), (EndReason::Declined, EndedBy::Me));
}

#[test]
fn caller_sees_that_the_peer_declined() {
    let mut solo = Solo::ringing();
    let outputs = solo.update(ended(pending(10, ME, PEER), EndReason::Declined));
    assert_eq!(
        outputs,
        [
            Output::StopRingback,
            Output::ClosePeer(call_id(10)),
            Output::CloseSignaling(call_id(10)),
            Output::StopMedia,
            Output::Changed,
        ]
    );
    let end = solo.machine.view().end.clone().expect("ended");
    assert_eq!((end.reason, end.by), (EndReason::Declined, EndedBy::Peer));
}

#[test]
fn callee_sees_missed_call_when_the_server_says_so() {
    let mut solo = Solo::rung();
    assert_eq!(
        solo.update(ended(pending(10, PEER, ME), EndReason::Missed)),
        [Output::StopRinging, Output::CloseSignaling(call_id(10)), Output::Changed]
    );
    assert_eq!(solo.end_reason(), Some(EndReason::Missed));
}

#[test]
fn ring_ends_by_itself_five_seconds_after_a_silent_servers_deadline() {
    let mut caller = Solo::ringing();
    assert!(caller.wait(64_999).is_empty());
    assert_eq!(requests(&caller.wait(1)), [Request::Cancel(call_id(10))]);
    assert_eq!(caller.end_reason(), Some(EndReason::Missed));

    let mut callee = Solo::rung();
    assert!(requests(&callee.wait(65_000)).is_empty());
    assert_eq!(callee.end_reason(), Some(EndReason::Missed));
}

#[test]
fn caller_who_gives_up_is_seen_by_the_callee_as_cancelled() {
    let mut caller = Solo::ringing();
    assert_eq!(requests(&caller.intent(Intent::HangUp)), [Request::Cancel(call_id(10))]);
    assert_eq!(caller.end_reason(), Some(EndReason::Cancelled));
    let mut callee = Solo::rung();
    callee.update(ended(pending(10, PEER, ME), EndReason::Cancelled));
    let end = callee.machine.view().end.clone().expect("ended");
    assert_eq!((end.reason, end.by), (EndReason::Cancelled, EndedBy::Peer));
}

#[test]
fn other_device_of_the_callee_stops_ringing_when_one_answers() {
    let mut solo = Solo::rung();
    let outputs = solo.update(ongoing(pending(10, PEER, ME), device(7)));
    assert_eq!(outputs, [Output::StopRinging, Output::CloseSignaling(call_id(10)), Output::Changed]);
    assert_eq!(solo.end_reason(), Some(EndReason::AnsweredElsewhere));
}

#[test]
fn accept_that_loses_the_race_learns_who_won() {
    for (won, reason) in [
        (ongoing(pending(10, PEER, ME), device(7)), EndReason::AnsweredElsewhere),
        (ended(pending(10, PEER, ME), EndReason::Cancelled), EndReason::Cancelled),
    ] {
        let mut answered = Solo::rung();
        answered.intent(Intent::Accept);
        answered.reply(Request::Accept(call_id(10)), Ok(won.clone()));
        assert_eq!(answered.end_reason(), Some(reason));

        let mut refused_by_error = Solo::rung();
        refused_by_error.intent(Intent::Accept);
        let outputs = refused_by_error.reply(Request::Accept(call_id(10)), Err(refused("conflict")));
        assert_eq!(requests(&outputs), [Request::Fetch(call_id(10))]);
        refused_by_error.reply(Request::Fetch(call_id(10)), Ok(won));
        assert_eq!(refused_by_error.end_reason(), Some(reason));
    }
}

#[test]
fn accept_is_repeated_while_the_server_cannot_be_reached() {
    let mut solo = Solo::rung();
    solo.intent(Intent::Accept);
    let accept = Request::Accept(call_id(10));
    solo.reply(accept.clone(), Err(Failure::Unreachable));
    assert!(solo.wait(999).is_empty());
    assert_eq!(requests(&solo.wait(1)), std::slice::from_ref(&accept));
    solo.reply(accept, Ok(ongoing(pending(10, PEER, ME), device(ME))));
    assert_eq!(solo.phase(), Phase::Connecting);
}

#[test]
fn accept_seen_first_as_an_event_connects_once() {
    let mut solo = Solo::rung();
    solo.intent(Intent::Accept);
    let accepted = ongoing(pending(10, PEER, ME), device(ME));
    assert_eq!(solo.update(accepted.clone()), []);
    assert_eq!(solo.phase(), Phase::Connecting);
    assert!(solo.reply(Request::Accept(call_id(10)), Ok(accepted)).is_empty());
}

#[test]
fn acceptance_that_overtakes_the_answer_to_initiate_counts() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.update(ongoing(pending(10, ME, PEER), device(PEER)));
    assert_eq!(solo.phase(), Phase::Dialing);
    solo.placed(1, Ok(pending(10, ME, PEER)));
    assert_eq!(solo.phase(), Phase::Connecting);
}

#[test]
fn older_version_of_a_call_changes_nothing() {
    let mut solo = Solo::caller_connecting();
    assert!(solo.update(pending(10, ME, PEER)).is_empty());
    assert_eq!(solo.phase(), Phase::Connecting);
}

#[test]
fn unreachable_server_fails_the_dial_with_the_cause() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.placed(1, Err(Failure::Unreachable));
    let end = solo.machine.view().end.clone().expect("ended");
    assert_eq!((end.reason, end.failure), (EndReason::ServerError, Some(Failure::Unreachable)));
}

#[test]
fn silent_server_fails_the_dial_after_a_while() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.wait(15_000);
    assert_eq!(solo.end_reason(), Some(EndReason::ServerError));
}

#[test]
fn late_word_of_a_finished_call_does_not_ring() {
    let mut solo = Solo::rung();
    solo.update(ended(pending(10, PEER, ME), EndReason::Cancelled));
    solo.intent(Intent::Dismiss);
    assert!(solo.incoming(pending(10, PEER, ME)).is_empty());
    assert_eq!(solo.phase(), Phase::Idle);
}

#[test]
fn welcome_rings_for_a_call_that_began_while_the_device_was_away() {
    let mut solo = Solo::new();
    assert!(solo.welcome(vec![pending(10, PEER, ME)]).contains(&Output::StartRinging));
}

#[test]
fn call_missing_from_the_welcome_is_asked_for_before_it_is_believed_over() {
    let mut solo = Solo::ringing();
    assert_eq!(requests(&solo.welcome(vec![])), [Request::Fetch(call_id(10))]);
    assert_eq!(solo.phase(), Phase::Ringing);
    solo.reply(Request::Fetch(call_id(10)), Ok(ended(pending(10, ME, PEER), EndReason::Declined)));
    assert_eq!(solo.end_reason(), Some(EndReason::Declined));
}

#[test]
fn call_unknown_to_the_server_ends_by_server_error() {
    let mut solo = Solo::ringing();
    solo.welcome(vec![]);
    solo.reply(Request::Fetch(call_id(10)), Err(refused("not_found")));
    assert_eq!(solo.end_reason(), Some(EndReason::ServerError));
}

#[test]
fn calls_of_my_other_devices_are_left_alone() {
    let mut solo = Solo::new();
    let mut elsewhere = pending(10, ME, PEER);
    elsewhere.caller_device = device(7);
    assert!(solo.welcome(vec![elsewhere]).is_empty());
    assert!(solo.update(ongoing(pending(11, PEER, ME), device(7))).is_empty());
    assert_eq!(solo.phase(), Phase::Idle);
}

#[test]
fn lost_answer_to_the_attempt_is_made_good_by_the_events() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.update(pending(10, ME, PEER));
    solo.placed(1, Err(Failure::Unreachable));
    assert_eq!((solo.phase(), solo.machine.view().call_id), (Phase::Ringing, Some(call_id(10))));
}

#[test]
fn server_cannot_turn_camera_and_microphone_on_by_saying_that_we_accepted() {
    let mut solo = Solo::rung();
    let outputs = solo.update(ongoing(pending(10, PEER, ME), device(ME)));
    assert!(
        !outputs.iter().any(|o| matches!(o, Output::StartMedia(_) | Output::CreatePeer { .. })),
        "{outputs:?}"
    );
    assert_eq!(solo.phase(), Phase::Ended);
    assert_eq!(requests(&outputs), [Request::End(call_id(10), EndReason::Hangup)]);
}
