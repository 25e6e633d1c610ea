//! What is done while it rings, so that an accepted call need not wait for it.
use crate::solo::*;
use eyeline_call::{Failure, Input, Intent, NetworkFact, Output, PeerFact, Phase, Request, SignalingFact};
use eyeline_protocol::{
    rest::EndReason,
    signal::{ConnectionState, SdpKind, Signal},
};

fn offer_created(seq: u32, name: &str) -> PeerFact {
    PeerFact::OfferCreated { seq, offer: sdp(SdpKind::Offer, name) }
}

fn kinds(outputs: &[Output]) -> Vec<&'static str> {
    sent(outputs).iter().map(Signal::kind).collect()
}

fn accepted_by_peer() -> eyeline_protocol::rest::Call {
    ongoing(pending(10, ME, PEER), device(PEER))
}

fn accepted_here() -> eyeline_protocol::rest::Call {
    ongoing(pending(10, PEER, ME), device(ME))
}

#[test]
fn the_offer_is_with_the_server_before_anybody_accepts() {
    for offer_first in [true, false] {
        let mut solo = Solo::ringing();
        let mut said = Vec::new();
        if offer_first {
            said.extend(kinds(&solo.fact(offer_created(1, "o1"))));
            said.extend(kinds(&solo.peer_absent()));
        } else {
            said.extend(kinds(&solo.peer_absent()));
            said.extend(kinds(&solo.fact(offer_created(1, "o1"))));
        }
        said.extend(kinds(&solo.fact(PeerFact::LocalCandidate(candidate("l1")))));
        assert_eq!(said, ["offer", "ice_candidate"]);
        assert_eq!(kinds(&solo.wait(50_000)), [""; 0], "it is kept there, and not repeated");
        assert_eq!(solo.phase(), Phase::Ringing);
        assert_eq!(solo.update(accepted_by_peer()), [Output::StopRingback, Output::Changed]);
        assert_eq!(kinds(&solo.peer_present()), [""; 0], "it has been passed on");
        assert!(matches!(
            &solo.signal(Signal::Answer { answer: sdp(SdpKind::Answer, "a1") })[..],
            [Output::ApplyAnswer(_)]
        ));
    }
}

#[test]
fn an_offer_that_the_server_may_have_lost_is_left_with_it_again() {
    let mut solo = Solo::ringing();
    solo.peer_absent();
    solo.fact(offer_created(1, "o1"));
    solo.step(Input::Signaling { call_id: call_id(10), fact: SignalingFact::Down });
    assert_eq!(kinds(&solo.fact(PeerFact::LocalCandidate(candidate("l1")))), [""; 0]);
    solo.step(Input::Signaling { call_id: call_id(10), fact: SignalingFact::Up });
    assert_eq!(kinds(&solo.peer_absent()), ["offer", "ice_candidate"]);
    solo.step(Input::Signaling { call_id: call_id(10), fact: SignalingFact::Down });
    solo.update(accepted_by_peer());
    assert_eq!(kinds(&solo.peer_present()), ["offer", "ice_candidate"], "who knows whether it was");
}

#[test]
fn an_answer_that_is_faster_than_the_word_of_the_acceptance_is_taken_and_asked_about() {
    let mut solo = Solo::ringing();
    solo.peer_absent();
    solo.fact(offer_created(1, "o1"));
    let outputs = solo.signal(Signal::Answer { answer: sdp(SdpKind::Answer, "a1") });
    assert!(outputs.iter().any(|output| matches!(output, Output::ApplyAnswer(_))));
    assert_eq!(requests(&outputs), [Request::Fetch(call_id(10))]);
    solo.connection(ConnectionState::Connected);
    assert_eq!(solo.phase(), Phase::Ringing);
    let outputs = solo.reply(Request::Fetch(call_id(10)), Ok(accepted_by_peer()));
    assert!(outputs.contains(&Output::StopRingback));
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn an_offer_that_is_faster_than_the_answer_to_accept_is_answered() {
    let mut solo = Solo::rung();
    solo.intent(Intent::Accept);
    let outputs = solo.signal(Signal::Offer { offer: sdp(SdpKind::Offer, "o1") });
    assert!(matches!(outputs[..], [Output::AcceptOffer { seq: 1, .. }]));
    let answer = PeerFact::AnswerCreated { seq: 1, answer: sdp(SdpKind::Answer, "a1") };
    assert_eq!(kinds(&solo.fact(answer)), ["answer"]);
    solo.connection(ConnectionState::Connected);
    assert_eq!(solo.phase(), Phase::Connecting);
    assert_eq!(solo.reply(Request::Accept(call_id(10)), Ok(accepted_here())), [Output::Changed]);
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn what_was_prepared_on_another_network_is_prepared_anew() {
    let mut caller = Solo::ringing();
    assert_eq!(caller.step(Input::Network(NetworkFact::Gone)), []);
    let id = call_id(10);
    let outputs = caller.step(Input::Network(NetworkFact::Changed));
    assert!(
        matches!(
            outputs[..],
            [
                Output::ClosePeer(closed),
                Output::CreatePeer { call_id, .. },
                Output::CreateOffer { seq: 2, ice_restart: false }
            ] if (closed, call_id) == (id, id)
        ),
        "{outputs:?}"
    );
    caller.peer_absent();
    assert_eq!(kinds(&caller.fact(offer_created(1, "o1"))), [""; 0], "of the one before");
    assert_eq!(kinds(&caller.fact(offer_created(2, "o2"))), ["offer"]);
    let mut callee = Solo::rung();
    assert_eq!(callee.step(Input::Network(NetworkFact::Changed)), []);
    callee.intent(Intent::Accept);
    assert_eq!(callee.step(Input::Network(NetworkFact::Changed)), [], "nothing is gathered yet");
}

#[test]
fn an_offer_that_has_left_stands_on_another_network_and_is_followed_by_a_restart_when_it_is_answered() {
    for facts in
        [&[NetworkFact::Gone, NetworkFact::Changed][..], &[NetworkFact::PathLost], &[NetworkFact::Woken]]
    {
        let mut caller = Solo::ringing();
        caller.peer_absent();
        caller.fact(offer_created(1, "o1"));
        for fact in facts {
            assert_eq!(caller.step(Input::Network(*fact)), [], "somebody may have it by now");
        }
        assert_eq!(kinds(&caller.wait(30_000)), [""; 0]);
        caller.update(accepted_by_peer());
        caller.peer_present();
        let answer = Signal::Answer { answer: sdp(SdpKind::Answer, "a1") };
        assert!(matches!(&caller.signal(answer)[..], [Output::ApplyAnswer(_)]));
        assert_eq!(restarts(&caller.wait(1)), 1);
    }
}

#[test]
fn a_call_that_is_not_accepted_leaves_nothing_open() {
    let closed = [Output::ClosePeer(call_id(10)), Output::CloseSignaling(call_id(10))];
    let has_closed = |outputs: &[Output]| closed.iter().all(|output| outputs.contains(output));
    let mut caller = Solo::ringing();
    assert!(has_closed(&caller.intent(Intent::HangUp)));
    let mut caller = Solo::ringing();
    assert!(has_closed(&caller.wait(70_000)), "nobody answers, and the server says nothing");
    let mut callee = Solo::rung();
    callee.intent(Intent::Accept);
    callee.reply(Request::Accept(call_id(10)), Err(Failure::Unreachable));
    assert!(has_closed(&callee.intent(Intent::HangUp)));
}

#[test]
fn a_call_whose_media_cannot_be_set_up_ends_while_it_still_rings() {
    let mut solo = Solo::ringing();
    let outputs = solo.fact(PeerFact::NegotiationFailed);
    assert_eq!(requests(&outputs), [Request::Cancel(call_id(10))]);
    assert_eq!(solo.end_reason(), Some(EndReason::MediaFailed));
}

#[test]
fn a_ringing_call_that_the_signaling_socket_is_refused_for_is_asked_about() {
    for mut solo in [Solo::ringing(), Solo::rung()] {
        let refused = Input::Signaling { call_id: call_id(10), fact: SignalingFact::Refused };
        assert_eq!(requests(&solo.step(refused)), [Request::Fetch(call_id(10))]);
    }
}

#[test]
fn a_socket_that_was_refused_while_it_rang_is_opened_again_when_the_call_goes_on() {
    let refused = || Input::Signaling { call_id: call_id(10), fact: SignalingFact::Refused };
    let opens = |outputs: &[Output]| outputs.contains(&Output::OpenSignaling(call_id(10)));
    let mut caller = Solo::ringing();
    assert!(caller.step(refused()).contains(&Output::CloseSignaling(call_id(10))));
    caller.reply(Request::Fetch(call_id(10)), Ok(pending(10, ME, PEER)));
    assert!(opens(&caller.update(accepted_by_peer())));
    let mut callee = Solo::rung();
    callee.step(refused());
    assert!(opens(&callee.intent(Intent::Accept)));
}
