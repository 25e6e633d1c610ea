//! The room, without sockets.
use super::*;
use crate::ws::outbox::Inbox;
use eyeline_protocol::signal::{IceCandidate, Sdp, SdpKind};

fn room() -> Room {
    Room::new(UserId::new(), UserId::new(), 0)
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
    room.join(Side::Callee, DeviceId::new(), outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [offer("a"), candidate(1), candidate(2)]);
}

#[tokio::test]
async fn an_ice_restart_drops_the_candidates_of_the_generation_before() {
    let mut room = room();
    for signal in [offer("a"), candidate(1), offer("b"), candidate(2)] {
        room.relay(Side::Caller, &signal, 0).unwrap();
    }
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Callee, DeviceId::new(), outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [offer("b"), candidate(2)]);
}

#[tokio::test]
async fn an_answer_and_the_next_offer_wait_in_the_order_in_which_they_came() {
    let mut room = room();
    for signal in [answer(), offer("a")] {
        room.relay(Side::Callee, &signal, 0).unwrap();
    }
    let (outbox, inbox) = Outbox::new();
    room.join(Side::Caller, DeviceId::new(), outbox.clone());
    assert_eq!(drain(outbox, inbox).await, [answer(), offer("a")]);
}

#[tokio::test]
async fn what_was_delivered_is_not_delivered_again() {
    let mut room = room();
    room.relay(Side::Caller, &offer("a"), 0).unwrap();
    let (first, _first_inbox) = Outbox::new();
    room.join(Side::Callee, DeviceId::new(), first);
    let (second, inbox) = Outbox::new();
    room.join(Side::Callee, DeviceId::new(), second.clone());
    assert_eq!(drain(second, inbox).await, []);
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
    room.join(Side::Caller, DeviceId::new(), older);
    room.join(Side::Caller, DeviceId::new(), newer);
    room.leave(Side::Caller, older_id);
    assert!(room.is_attended());
    room.leave(Side::Caller, newer_id);
    assert!(!room.is_attended());
}

#[tokio::test]
async fn once_a_device_has_taken_the_call_the_seat_is_its_own() {
    let (desk, phone) = (DeviceId::new(), DeviceId::new());
    let mut room = room();
    let ((early, mut at_early), (late, mut at_late)) = (Outbox::new(), Outbox::new());
    let (own, early_id) = (Outbox::new().0, early.id());
    let own_id = own.id();
    room.join(Side::Callee, phone, early);
    room.settle(Side::Callee, desk);
    assert!(!room.is_seated(Side::Callee, early_id));
    room.join(Side::Callee, desk, own);
    room.join(Side::Callee, phone, late);
    assert!(room.is_seated(Side::Callee, own_id));
    assert!(matches!(at_early.recv().await, Some(Outgoing::Text(_))), "nobody is there yet");
    for inbox in [&mut at_early, &mut at_late] {
        assert_eq!(inbox.recv().await, Some(Outgoing::Close(Close::Superseded)));
    }
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
    room.join(Side::Callee, DeviceId::new(), outbox.clone());
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
