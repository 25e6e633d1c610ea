//! Offers, answers, candidates, and what the peer is told of microphone and camera.
use crate::solo::*;
use eyeline_call::{Intent, MediaState, Output, PeerFact, Phase};
use eyeline_protocol::{
    channel::ChannelMessage,
    rest::EndReason,
    signal::{CANDIDATES_MAX, SdpKind, Signal},
};

fn offer(name: &str) -> Signal {
    Signal::Offer { offer: sdp(SdpKind::Offer, name) }
}

fn answer(name: &str) -> Signal {
    Signal::Answer { answer: sdp(SdpKind::Answer, name) }
}

fn offer_created(seq: u32, name: &str) -> PeerFact {
    PeerFact::OfferCreated { seq, offer: sdp(SdpKind::Offer, name) }
}

fn answer_created(seq: u32, name: &str) -> PeerFact {
    PeerFact::AnswerCreated { seq, answer: sdp(SdpKind::Answer, name) }
}

fn trickle(name: &str) -> Signal {
    Signal::IceCandidate { candidate: Some(candidate(name)) }
}

fn kinds(outputs: &[Output]) -> Vec<&'static str> {
    sent(outputs).iter().map(Signal::kind).collect()
}

#[test]
fn offer_and_its_candidates_wait_until_the_peer_is_present() {
    let mut solo = Solo::caller_connecting();
    assert!(solo.fact(offer_created(1, "o1")).is_empty());
    assert!(solo.fact(PeerFact::LocalCandidate(candidate("l1"))).is_empty());
    assert_eq!(kinds(&solo.peer_present()), ["offer", "ice_candidate"]);
    assert_eq!(kinds(&solo.fact(PeerFact::LocalCandidate(candidate("l2")))), ["ice_candidate"]);
}

#[test]
fn unanswered_offer_is_sent_again() {
    let mut solo = Solo::caller_connecting();
    solo.peer_present();
    solo.fact(offer_created(1, "o1"));
    assert_eq!(kinds(&solo.wait(2_999)), [""; 0]);
    assert_eq!(kinds(&solo.wait(1)), ["offer"]);
    solo.signal(answer("a1"));
    assert_eq!(kinds(&solo.wait(10_000)), [""; 0]);
}

#[test]
fn offer_is_sent_again_to_a_peer_that_comes_back() {
    let mut solo = Solo::caller_connecting();
    solo.peer_present();
    solo.fact(offer_created(1, "o1"));
    assert_eq!(kinds(&solo.peer_absent()), ["offer"], "the server keeps it");
    assert_eq!(kinds(&solo.peer_present()), [""; 0], "and has passed it on");
    assert_eq!(kinds(&solo.wait(3_000)), ["offer"]);
}

#[test]
fn early_candidates_are_kept_and_delivered_after_the_description() {
    let mut callee = Solo::callee_connecting();
    assert!(callee.signal(trickle("r1")).is_empty());
    let outputs = callee.signal(offer("o1"));
    assert!(
        matches!(&outputs[..], [Output::AcceptOffer { rollback: false, .. }, Output::AddCandidate(c)] if *c == candidate("r1"))
    );

    let mut caller = Solo::caller_connecting();
    caller.peer_present();
    caller.fact(offer_created(1, "o1"));
    assert!(caller.signal(trickle("r1")).is_empty());
    let outputs = caller.signal(answer("a1"));
    assert!(matches!(&outputs[..], [Output::ApplyAnswer(_), Output::AddCandidate(_)]));
}

#[test]
fn early_candidates_are_bounded() {
    let mut solo = Solo::callee_connecting();
    for n in 0..2 * CANDIDATES_MAX {
        solo.signal(trickle(&n.to_string()));
    }
    let outputs = solo.signal(offer("o1"));
    assert_eq!(outputs.len(), 1 + CANDIDATES_MAX);
}

#[test]
fn end_of_candidates_is_no_candidate() {
    let mut solo = Solo::callee_active();
    assert!(solo.signal(Signal::IceCandidate { candidate: None }).is_empty());
    let mut empty = candidate("");
    empty.candidate.clear();
    assert!(solo.signal(Signal::IceCandidate { candidate: Some(empty) }).is_empty());
}

#[test]
fn repeated_offer_is_answered_by_the_same_answer() {
    let mut solo = Solo::callee_connecting();
    solo.signal(offer("o1"));
    assert!(solo.signal(offer("o1")).is_empty());
    assert_eq!(kinds(&solo.fact(answer_created(1, "a1"))), ["answer"]);
    let again = solo.signal(offer("o1"));
    assert_eq!(kinds(&again), ["answer"]);
    assert!(!again.iter().any(|o| matches!(o, Output::AcceptOffer { .. })));
}

#[test]
fn repeated_answer_is_not_taken_for_the_answer_to_a_later_offer() {
    let mut solo = Solo::caller_active();
    solo.connection(eyeline_protocol::signal::ConnectionState::Failed);
    solo.wait(0);
    solo.fact(offer_created(2, "o2"));
    assert!(solo.signal(Signal::Answer { answer: eyeline_sdp(SdpKind::Answer, "a1") }).is_empty());
    assert!(matches!(&solo.signal(answer("a2"))[..], [Output::ApplyAnswer(_)]));
}

#[test]
fn caller_takes_the_offer_of_a_foreign_callee_that_is_faster() {
    let mut solo = Solo::caller_connecting();
    let outputs = solo.signal(offer("theirs"));
    assert!(matches!(outputs[..], [Output::AcceptOffer { seq: 2, rollback: true, .. }]));
    assert!(solo.fact(offer_created(1, "stale")).is_empty());
    assert_eq!(kinds(&solo.fact(answer_created(2, "a"))), ["answer"]);
}

#[test]
fn callers_offer_stands_in_a_collision() {
    let mut solo = Solo::caller_connecting();
    solo.peer_present();
    solo.fact(offer_created(1, "mine"));
    assert!(solo.signal(offer("theirs")).is_empty());
    assert!(matches!(&solo.signal(answer("a1"))[..], [Output::ApplyAnswer(_)]));
}

#[test]
fn callee_takes_its_offer_back_in_a_collision() {
    let mut solo = Solo::callee_active();
    solo.connection(eyeline_protocol::signal::ConnectionState::Failed);
    let outputs = solo.wait(1_000);
    assert!(outputs.iter().any(|o| matches!(o, Output::CreateOffer { seq: 2, ice_restart: true })));
    solo.fact(offer_created(2, "mine"));
    let outputs = solo.signal(offer("theirs"));
    assert!(matches!(outputs[..], [Output::AcceptOffer { seq: 3, rollback: true, .. }]));
}

#[test]
fn newer_offer_supersedes_one_that_is_being_answered() {
    let mut solo = Solo::callee_connecting();
    solo.signal(offer("o1"));
    assert!(matches!(solo.signal(offer("o2"))[..], [Output::AcceptOffer { seq: 2, rollback: false, .. }]));
    assert!(solo.fact(answer_created(1, "stale")).is_empty());
    assert_eq!(kinds(&solo.fact(answer_created(2, "a2"))), ["answer"]);
}

#[test]
fn failed_first_negotiation_ends_the_call_as_media_failed() {
    let mut solo = Solo::callee_connecting();
    solo.signal(offer("o1"));
    solo.fact(PeerFact::NegotiationFailed);
    assert_eq!(solo.end_reason(), Some(EndReason::MediaFailed));
}

#[test]
fn without_any_connection_the_call_ends_as_one_without_a_path() {
    let mut solo = Solo::callee_connecting();
    solo.fact(PeerFact::NoConnection);
    assert_eq!(solo.end_reason(), Some(EndReason::ConnectionFailed));
}

#[test]
fn failed_renegotiation_does_not_end_the_call() {
    let mut solo = Solo::caller_active();
    solo.fact(PeerFact::NegotiationFailed);
    assert_eq!(solo.phase(), Phase::Active);
}

#[test]
fn own_media_state_is_told_when_the_channel_opens_and_when_it_changes() {
    let mut solo = Solo::callee_connecting();
    solo.intent(Intent::SetCamera(false));
    solo.signal(Signal::Offer { offer: eyeline_sdp(SdpKind::Offer, "o1") });
    let told = |microphone, camera| Output::SendChannel(ChannelMessage::MediaState { microphone, camera });
    assert!(solo.fact(PeerFact::ChannelOpen).contains(&told(true, false)));
    assert!(solo.intent(Intent::SetMicrophone(false)).contains(&told(false, false)));
    assert!(solo.intent(Intent::SetMicrophone(false)).is_empty());
}

#[test]
fn foreign_peer_is_never_told_what_only_our_clients_understand() {
    let mut solo = Solo::callee_connecting();
    solo.signal(offer("o1"));
    let mut outputs = solo.fact(PeerFact::ChannelOpen);
    outputs.extend(solo.intent(Intent::SetCamera(false)));
    outputs.extend(solo.intent(Intent::HangUp));
    assert!(!outputs.iter().any(|o| matches!(o, Output::SendChannel(_))));
    assert_eq!(solo.machine.view().remote, None);
}

#[test]
fn peers_media_state_is_shown() {
    let mut solo = Solo::caller_active();
    solo.fact(PeerFact::Channel(ChannelMessage::MediaState { microphone: true, camera: false }));
    assert_eq!(solo.machine.view().remote, Some(MediaState { microphone: true, camera: false }));
}

#[test]
fn mute_and_camera_work_in_every_state_and_hold_for_the_next_call() {
    let mut ended = Solo::caller_active();
    ended.intent(Intent::HangUp);
    for mut solo in
        [Solo::new(), Solo::rung(), Solo::ringing(), Solo::callee_connecting(), Solo::caller_active(), ended]
    {
        let running = !matches!(solo.phase(), Phase::Idle | Phase::Incoming | Phase::Ended);
        let muted = MediaState { microphone: false, camera: true };
        let outputs = solo.intent(Intent::SetMicrophone(false));
        assert_eq!(outputs.contains(&Output::SetMedia(muted)), running);
        assert_eq!(solo.machine.view().local, muted);
        solo.intent(Intent::HangUp);
        assert!(solo.dial(THIRD).contains(&Output::StartMedia(muted)));
    }
}
