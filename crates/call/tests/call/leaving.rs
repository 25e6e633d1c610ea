//! Hanging up, in every state and against every race.
use crate::solo::*;
use eyeline_call::{EndedBy, Failure, Input, Intent, Output, PeerFact, Phase, Request, SignalingFact};
use eyeline_protocol::{
    channel::ChannelMessage,
    rest::EndReason,
    signal::{ConnectionState, Signal},
};

#[test]
fn hanging_up_while_dialing_cancels_as_soon_as_the_call_has_a_name() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    assert!(requests(&solo.intent(Intent::HangUp)).is_empty());
    assert_eq!(solo.end_reason(), Some(EndReason::Cancelled));
    assert_eq!(requests(&solo.placed(1, Ok(pending(10, ME, PEER)))), [Request::Cancel(call_id(10))]);
    assert_eq!(solo.phase(), Phase::Ended);
}

#[test]
fn attempt_that_events_have_named_is_left_though_its_answer_is_lost() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.update(pending(10, ME, PEER));
    assert_eq!(requests(&solo.intent(Intent::HangUp)), [Request::Cancel(call_id(10))]);
    assert!(requests(&solo.placed(1, Err(Failure::Unreachable))).is_empty());
}

#[test]
fn reason_that_the_server_refuses_becomes_a_plain_hang_up() {
    let mut solo = Solo::caller_active();
    let reason = EndReason::ServerError;
    let outputs = solo.fact(PeerFact::Channel(ChannelMessage::Bye { reason }));
    assert_eq!(requests(&outputs), [Request::End(call_id(10), reason)]);
    let outputs = solo.reply(Request::End(call_id(10), reason), Err(refused("invalid")));
    assert_eq!(requests(&outputs), [Request::End(call_id(10), EndReason::Hangup)]);
    let outputs = solo.reply(Request::End(call_id(10), EndReason::Hangup), Err(refused("conflict")));
    assert!(requests(&outputs).is_empty());
}

#[test]
fn abandoned_attempt_is_left_though_a_new_one_is_under_way() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.intent(Intent::HangUp);
    solo.dial(PEER);
    assert_eq!(requests(&solo.placed(1, Ok(pending(10, ME, PEER)))), [Request::Cancel(call_id(10))]);
    solo.placed(2, Ok(pending(11, ME, PEER)));
    assert_eq!(solo.machine.view().call_id, Some(call_id(11)));
}

#[test]
fn abandoned_glare_is_hung_up_though_already_ongoing() {
    let mut solo = Solo::new();
    solo.dial(PEER);
    solo.intent(Intent::HangUp);
    let outputs = solo.placed(1, Ok(ongoing(pending(9, PEER, ME), device(ME))));
    assert_eq!(requests(&outputs), [Request::End(call_id(9), EndReason::Hangup)]);
}

#[test]
fn cancel_that_crosses_the_accept_becomes_a_hang_up() {
    for result in [Ok(ongoing(pending(10, ME, PEER), device(PEER))), Err(refused("conflict"))] {
        let mut solo = Solo::ringing();
        solo.intent(Intent::HangUp);
        let outputs = solo.reply(Request::Cancel(call_id(10)), result);
        assert_eq!(requests(&outputs), [Request::End(call_id(10), EndReason::Hangup)]);
    }
}

#[test]
fn hang_up_that_overtakes_the_own_accept_is_repeated_after_it() {
    let mut solo = Solo::rung();
    solo.intent(Intent::Accept);
    let end = Request::End(call_id(10), EndReason::Hangup);
    assert_eq!(requests(&solo.intent(Intent::HangUp)), std::slice::from_ref(&end));
    solo.reply(end.clone(), Err(refused("conflict")));
    let late = solo.reply(Request::Accept(call_id(10)), Ok(ongoing(pending(10, PEER, ME), device(ME))));
    assert_eq!(requests(&late), [end]);
}

#[test]
fn hang_up_tells_peer_and_server_then_closes_everything_once() {
    let mut solo = Solo::caller_active();
    let outputs = solo.intent(Intent::HangUp);
    let id = call_id(10);
    let reason = EndReason::Hangup;
    assert_eq!(
        outputs,
        [
            Output::SendChannel(ChannelMessage::Bye { reason }),
            Output::ClosePeer(id),
            Output::Request(Request::End(id, reason)),
            Output::CloseSignaling(id),
            Output::StopMedia,
            Output::Changed,
        ]
    );
    assert!(solo.intent(Intent::HangUp).is_empty());
}

#[test]
fn leaving_is_repeated_with_backoff_until_the_server_has_heard_it() {
    let mut solo = Solo::ringing();
    let cancel = Request::Cancel(call_id(10));
    solo.intent(Intent::HangUp);
    for pause in [1, 2, 4, 8, 8] {
        solo.reply(cancel.clone(), Err(Failure::Unreachable));
        assert!(requests(&solo.wait(pause * 1_000 - 1)).is_empty());
        assert_eq!(requests(&solo.wait(1)), std::slice::from_ref(&cancel));
    }
    solo.reply(cancel, Ok(ended(pending(10, ME, PEER), EndReason::Cancelled)));
    assert_eq!(solo.machine.poll_timeout(), None);
}

#[test]
fn leaving_is_given_up_after_a_minute() {
    let mut solo = Solo::ringing();
    let mut asked = requests(&solo.intent(Intent::HangUp));
    let began = solo.now;
    loop {
        for request in asked {
            solo.reply(request, Err(Failure::Unreachable));
        }
        if solo.machine.poll_timeout().is_none() {
            break;
        }
        asked = requests(&solo.wait(1_000));
    }
    assert!((60_000..80_000).contains(&(solo.now - began)));
}

#[test]
fn welcome_that_still_lists_a_call_left_unheard_is_answered_by_leaving() {
    let mut solo = Solo::new();
    let live = ongoing(pending(10, ME, PEER), device(PEER));
    assert_eq!(requests(&solo.welcome(vec![live])), [Request::End(call_id(10), EndReason::Hangup)]);
}

#[test]
fn peers_bye_ends_the_call_and_is_passed_on_to_the_server() {
    let mut solo = Solo::caller_active();
    let reason = EndReason::Hangup;
    let outputs = solo.fact(PeerFact::Channel(ChannelMessage::Bye { reason }));
    assert_eq!(requests(&outputs), [Request::End(call_id(10), reason)]);
    assert!(!outputs.iter().any(|o| matches!(o, Output::SendChannel(_))));
    let end = solo.machine.view().end.clone().expect("ended");
    assert_eq!((end.reason, end.by), (reason, EndedBy::Peer));
}

#[test]
fn servers_ended_signal_ends_the_call_without_asking_back() {
    let mut solo = Solo::caller_active();
    let outputs = solo.signal(Signal::Ended { reason: EndReason::Hangup });
    assert!(requests(&outputs).is_empty());
    assert_eq!(solo.phase(), Phase::Ended);
}

#[test]
fn first_reason_stays_whatever_comes_after() {
    let mut solo = Solo::caller_active();
    let reason = EndReason::Hangup;
    solo.fact(PeerFact::Channel(ChannelMessage::Bye { reason }));
    let end = solo.machine.view().end.clone();
    let call = ongoing(pending(10, ME, PEER), device(PEER));
    assert!(solo.update(ended(call, EndReason::ConnectionFailed)).is_empty());
    assert!(solo.fact(PeerFact::Connection(ConnectionState::Failed)).is_empty());
    assert_eq!(solo.machine.view().end, end);
}

#[test]
fn lost_signaling_socket_never_ends_a_call() {
    let mut solo = Solo::caller_active();
    let (id, down) = (call_id(10), SignalingFact::Down);
    assert!(solo.step(Input::Signaling { call_id: id, fact: down }).is_empty());
    solo.wait(600_000);
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn refused_signaling_socket_asks_what_became_of_the_call() {
    let mut solo = Solo::caller_active();
    let (id, fact) = (call_id(10), SignalingFact::Refused);
    let outputs = solo.step(Input::Signaling { call_id: id, fact });
    assert_eq!(requests(&outputs), [Request::Fetch(id)]);
}

#[test]
fn words_of_an_earlier_calls_peer_connection_are_ignored() {
    let mut solo = Solo::caller_active();
    let fact = PeerFact::Channel(ChannelMessage::Bye { reason: EndReason::Hangup });
    assert!(solo.step(Input::Peer { call_id: call_id(9), fact }).is_empty());
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn dismissed_end_shows_no_call() {
    let mut solo = Solo::caller_active();
    solo.intent(Intent::HangUp);
    assert_eq!(solo.intent(Intent::Dismiss), [Output::Changed]);
    assert_eq!(solo.phase(), Phase::Idle);
}

#[test]
fn intents_that_fit_no_state_do_nothing() {
    for intent in [Intent::Accept, Intent::Decline, Intent::HangUp, Intent::Dismiss] {
        assert!(Solo::new().intent(intent.clone()).is_empty(), "{intent:?}");
    }
    for intent in [Intent::Accept, Intent::Decline, Intent::Dismiss] {
        assert!(Solo::caller_active().intent(intent.clone()).is_empty(), "{intent:?}");
        assert!(Solo::ringing().intent(intent.clone()).is_empty(), "{intent:?}");
    }
}
