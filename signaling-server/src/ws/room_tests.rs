//! The room, without sockets.
use super::*;
use crate::ws::outbox::Inbox;
use eyeline_protocol::signal::{IceCandidate, Sdp, SdpKind};
use uuid::Uuid;

const DESK: DeviceId = DeviceId(Uuid::from_u128(1));
const PHONE: DeviceId = DeviceId(Uuid::from_u128(2));

/// Of a call that is accepted, on a desk at either side.
fn room() -> Room {
    let mut room = ringing();
    room.settle(Side::Callee, DESK);
    room
}

/// Of one that is not accepted yet.
fn ringing() -> Room {
    let mut room = Room::new(UserId::new(), UserId::new(), 0);
    room.settle(Side::Caller, DESK);
    room
}

fn offer(ufrag: &str) -> Signal {
    Signal::Offer { offer: Sdp { kind: SdpKind::Offer, sdp: format!("v=0\r\na=ice-ufrag:{ufrag}\r\n") } }
}

fn answer() -> Signal {
    Signal::Answer { answer: Sdp { kind: SdpKind::Answer, sdp: "v=0\r\na=ice-ufrag:b\r\n".into() } }
}

fn candidate(n: usize) -> Signal {
    Signal::IceCandidate {
        candidate: Some(IceCandidate {
            candidate: n.to_string(),
            sdp_m_line_index: None,
            sdp_mid: None,
            username_fragment: None,
        }),
    }
}

/// All that waits, but for the other's comings and goings.
async fn drain(outbox: Outbox, mut inbox: Inbox) -> Vec<Signal> {
    outbox.push(Outgoing::Close(Close::CallEnded));
    let mut signals = Vec::new();
    while let Some(Outgoing::Text(text)) = inbox.recv().await {
        match Signal::decode(&text).unwrap() {
            Signal::Peer { .. } => {}
            signal => signals.push(signal),
        }
    }
    signals
}

#[tokio::test]
async fn a_renegotiation_keeps_the_candidates_of_its_ice_generation() {
    let mut room = room();
    for signal in [offer("a"), candidate(1), offer("a"), candidate(2)] {
        room.relay(Side::Caller, &signal, 0).unwrap();
    }
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Callee, DESK, outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [offer("a"), candidate(1), candidate(2)]);
}

#[tokio::test]
async fn an_ice_restart_drops_the_candidates_of_the_generation_before() {
    let mut room = room();
    for signal in [offer("a"), candidate(1), offer("b"), candidate(2)] {
        room.relay(Side::Caller, &signal, 0).unwrap();
    }
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Callee, DESK, outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [offer("b"), candidate(2)]);
}

#[tokio::test]
async fn an_answer_and_the_next_offer_wait_in_the_order_in_which_they_came() {
    let mut room = room();
    for signal in [answer(), offer("a")] {
        room.relay(Side::Callee, &signal, 0).unwrap();
    }
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Caller, DESK, outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [answer(), offer("a")]);
}

#[tokio::test]
async fn what_was_delivered_is_not_delivered_again() {
    let mut room = room();
    room.relay(Side::Caller, &offer("a"), 0).unwrap();
    let (first, _first_inbox) = Outbox::new();
    room.join(Side::Callee, DESK, first);
    let (second, inbox) = Outbox::new();
    room.join(Side::Callee, DESK, second.clone());
    assert_eq!(drain(second, inbox).await, []);
}

#[tokio::test]
async fn what_waits_and_is_said_again_waits_once() {
    let mut room = room();
    for _ in 0..3 * CANDIDATES_MAX {
        for signal in [offer("a"), candidate(1), candidate(2)] {
            room.relay(Side::Caller, &signal, 0).unwrap();
        }
    }
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Callee, DESK, outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [offer("a"), candidate(1), candidate(2)]);
}

#[test]
fn candidates_are_counted_for_each_negotiation() {
    let mut room = room();
    room.relay(Side::Caller, &offer("a"), 0).unwrap();
    for n in 0..CANDIDATES_MAX {
        room.relay(Side::Caller, &candidate(n), 0).unwrap();
    }
    assert_eq!(room.relay(Side::Caller, &candidate(0), 0), Err(TooManyCandidates));
    room.relay(Side::Callee, &candidate(0), 0).unwrap();
    room.relay(Side::Caller, &offer("b"), 0).unwrap();
    room.relay(Side::Caller, &candidate(0), 0).unwrap();
}

#[test]
fn a_superseded_socket_leaves_without_a_trace() {
    let mut room = room();
    let ((older, _a), (newer, _b)) = (Outbox::new(), Outbox::new());
    let (older_id, newer_id) = (older.id(), newer.id());
    room.join(Side::Caller, DESK, older);
    room.join(Side::Caller, DESK, newer);
    room.leave(Side::Caller, older_id);
    assert!(room.is_attended());
    room.leave(Side::Caller, newer_id);
    assert!(!room.is_attended());
}

/// What comes next: the kind of a message, and whether it says that the other is there; `closed` at the end.
async fn next(inbox: &mut Inbox) -> (&'static str, bool) {
    match inbox.recv().await {
        Some(Outgoing::Text(text)) => match Signal::decode(&text).unwrap() {
            Signal::Peer { present, .. } => ("peer", present),
            signal => (signal.kind(), false),
        },
        Some(Outgoing::Close(Close::Superseded)) => ("closed", false),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn where_it_rings_nothing_is_told_of_the_caller_until_it_is_accepted_there() {
    let mut room = ringing();
    let ((caller, mut at_caller), (desk, mut at_desk)) = (Outbox::new(), Outbox::new());
    let ((phone, mut at_phone), desk_id) = (Outbox::new(), desk.id());
    room.join(Side::Caller, DESK, caller);
    room.join(Side::Callee, PHONE, phone);
    room.join(Side::Callee, DESK, desk);
    for signal in [offer("a"), candidate(1)] {
        room.relay(Side::Caller, &signal, 0).unwrap();
    }
    assert!(!room.is_seated(Side::Callee, desk_id), "nor is anything taken from there");
    room.settle(Side::Callee, DESK);
    assert!(room.is_seated(Side::Callee, desk_id));
    assert_eq!([next(&mut at_caller).await, next(&mut at_caller).await], [("peer", false), ("peer", true)]);
    assert_eq!([next(&mut at_phone).await, next(&mut at_phone).await], [("peer", true), ("closed", false)]);
    for expected in [("peer", true), ("peer", true), ("offer", false), ("ice_candidate", false)] {
        assert_eq!(next(&mut at_desk).await, expected);
    }
    let (late, mut at_late) = Outbox::new();
    room.join(Side::Callee, PHONE, late);
    assert_eq!(next(&mut at_late).await, ("closed", false));
    assert!(room.is_seated(Side::Callee, desk_id));
    room.settle(Side::Callee, DESK);
    assert!(room.is_seated(Side::Callee, desk_id), "it is settled");
}

#[tokio::test]
async fn devices_that_it_rings_at_are_bounded_and_each_waits_with_one_socket() {
    let mut room = ringing();
    let mut inboxes = Vec::new();
    for n in 0..WAITING_MAX as u128 + 2 {
        let (outbox, inbox) = Outbox::new();
        room.join(Side::Callee, DeviceId(Uuid::from_u128(n.max(1))), outbox);
        inboxes.push(inbox);
    }
    for (n, inbox) in inboxes.iter_mut().enumerate() {
        assert_eq!(next(inbox).await, ("peer", false));
        if n < 2 {
            assert_eq!(next(inbox).await, ("closed", false), "the same device again, and one too many");
        }
    }
    room.settle(Side::Callee, DeviceId(Uuid::from_u128(2)));
    for inbox in inboxes.iter_mut().skip(3) {
        assert_eq!(next(inbox).await, ("closed", false));
    }
}

#[test]
fn a_device_that_no_longer_waits_is_not_seated() {
    let mut room = ringing();
    let (outbox, _inbox) = Outbox::new();
    let id = outbox.id();
    room.join(Side::Callee, DESK, outbox);
    room.leave(Side::Callee, id);
    room.settle(Side::Callee, DESK);
    assert!(!room.is_attended());
}

#[test]
fn a_renegotiation_does_not_interrupt_the_reported_state() {
    let mut room = room();
    room.relay(Side::Caller, &offer("a"), 1).unwrap();
    assert_eq!(room.state().connection, ConnectionState::Connecting);
    let connected = Signal::ConnectionState { state: ConnectionState::Connected };
    room.relay(Side::Callee, &connected, 2).unwrap();
    room.relay(Side::Caller, &offer("a"), 3).unwrap();
    assert_eq!(room.state().connection, ConnectionState::Connected);
    assert_eq!(room.state().updated_at, 3);
}

#[tokio::test]
async fn the_other_hears_of_a_members_figures_only_that_the_state_has_changed() {
    let mut room = room();
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Callee, DESK, outbox.clone());
    let report = |state, timestamp| Report {
        state,
        stats: Some(Box::new(WebRtcStats { timestamp, ..WebRtcStats::default() })),
    };
    let (connected, failed) = (ConnectionState::Connected, ConnectionState::Failed);
    for (n, state) in [connected, connected, connected, failed, failed].into_iter().enumerate() {
        room.report(Side::Caller, report(state, n as f64), 7);
    }
    let [caller, callee] = room.stats();
    assert_eq!((caller.map(|stats| stats.timestamp), callee), (Some(4.0), None));
    assert_eq!((room.state().connection, room.state().updated_at), (failed, 7));
    let told = [connected, failed].map(|state| Signal::ConnectionState { state });
    assert_eq!(drain(outbox, inbox).await, told);
}
