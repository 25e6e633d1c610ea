//! Every example of the public contract round-trips exactly, and so does what we add beside it.
use crate::{
    CallId, UserId,
    channel::ChannelMessage,
    event::{ClientEvent, Event},
    rest,
    signal::{ConnectionState, IceCandidate, Sdp, SdpKind, Signal},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn signal(json: &Value, meaning: &Signal) {
    assert_eq!(Signal::decode(&json.to_string()).as_ref(), Ok(meaning));
    assert_eq!(value(&meaning.encode()), *json);
}

fn body<T: Serialize + DeserializeOwned + Debug>(json: &Value) -> T {
    let body: T = serde_json::from_value(json.clone()).expect("a body");
    assert_eq!(serde_json::to_value(&body).expect("JSON"), *json);
    body
}

fn description(kind: SdpKind) -> Sdp {
    Sdp { kind, sdp: "v=0\r\no=...".into() }
}

#[test]
fn offer_is_as_in_the_contract() {
    signal(
        &json!({ "type": "offer", "offer": { "type": "offer", "sdp": "v=0\r\no=..." } }),
        &Signal::Offer { offer: description(SdpKind::Offer) },
    );
}

#[test]
fn answer_is_as_in_the_contract() {
    signal(
        &json!({ "type": "answer", "answer": { "type": "answer", "sdp": "v=0\r\no=..." } }),
        &Signal::Answer { answer: description(SdpKind::Answer) },
    );
}

#[test]
fn candidate_is_as_in_the_contract() {
    signal(
        &json!({
            "type": "ice_candidate",
            "candidate": { "candidate": "candidate:...", "sdpMLineIndex": 0, "sdpMid": "0" }
        }),
        &Signal::IceCandidate {
            candidate: Some(IceCandidate {
                candidate: "candidate:...".into(),
                sdp_m_line_index: Some(0),
                sdp_mid: Some("0".into()),
                username_fragment: None,
            }),
        },
    );
}

#[test]
fn connection_state_is_as_in_the_contract() {
    signal(
        &json!({ "type": "connection_state", "state": "connected" }),
        &Signal::ConnectionState { state: ConnectionState::Connected },
    );
}

#[test]
fn chat_text_is_as_in_the_contract() {
    let json = json!({ "type": "text", "message": "Hello!", "timestamp": "2026-01-21T10:30:00Z" });
    let text =
        ChannelMessage::Text { message: "Hello!".into(), timestamp: "2026-01-21T10:30:00Z".into(), id: None };
    assert_eq!(ChannelMessage::decode(&json.to_string()).as_ref(), Ok(&text));
    assert_eq!(value(&text.encode()), json);
}

#[test]
fn candidate_of_a_browser_may_carry_nulls_and_its_user_name_fragment() {
    let text = r#"{"type":"ice_candidate","candidate":{"candidate":"","sdpMLineIndex":null,"sdpMid":null,"usernameFragment":"x"}}"#;
    let Ok(Signal::IceCandidate { candidate: Some(candidate) }) = Signal::decode(text) else {
        panic!("a candidate")
    };
    assert_eq!((candidate.sdp_mid, candidate.username_fragment.as_deref()), (None, Some("x")));
    let end = r#"{"type":"ice_candidate","candidate":null}"#;
    assert_eq!(Signal::decode(end), Ok(Signal::IceCandidate { candidate: None }));
}

#[test]
fn servers_own_signals_are_tagged_by_snake_case() {
    let user_id: UserId = "00000000-0000-0000-0000-000000000007".parse().expect("an id");
    signal(
        &json!({ "type": "peer", "user_id": "00000000-0000-0000-0000-000000000007", "present": true }),
        &Signal::Peer { user_id, present: true },
    );
    signal(
        &json!({ "type": "ended", "reason": "answered_elsewhere" }),
        &Signal::Ended { reason: rest::EndReason::AnsweredElsewhere },
    );
}

#[test]
fn call_is_spelled_in_snake_case_and_omits_what_is_not_there() {
    let user = |n: u8| json!({ "id": format!("00000000-0000-0000-0000-00000000000{n}"), "username": "u", "display_name": "U", "presence": "in_call" });
    let pending = json!({
        "id": "00000000-0000-0000-0000-000000000009",
        "caller": user(1),
        "callee": user(2),
        "status": "pending",
        "version": 1,
        "caller_device": "00000000-0000-0000-0000-000000000003",
        "ring_ms_left": 60_000,
        "created_at": "2026-01-21T10:30:00Z",
    });
    let call: rest::Call = body(&pending);
    assert_eq!(call.status, rest::CallStatus::Pending);
    let event = json!({ "type": "incoming_call", "call": pending });
    assert_eq!(Event::decode(&event.to_string()), Ok(Event::IncomingCall { call }));
}

#[test]
fn end_reasons_are_the_closed_set_of_the_history() {
    use rest::EndReason::*;
    let all = [
        Hangup,
        Declined,
        Cancelled,
        Missed,
        Busy,
        AnsweredElsewhere,
        ConnectionFailed,
        MediaFailed,
        Replaced,
        ServerError,
    ];
    let names = json!([
        "hangup",
        "declined",
        "cancelled",
        "missed",
        "busy",
        "answered_elsewhere",
        "connection_failed",
        "media_failed",
        "replaced",
        "server_error"
    ]);
    assert_eq!(serde_json::to_value(all).expect("JSON"), names);
}

#[test]
fn bodies_keep_their_names() {
    body::<rest::Initiate>(&json!({ "callee": "bob" }));
    body::<rest::End>(&json!({}));
    body::<rest::IceServers>(&json!({ "ice_servers": [
        { "urls": ["stun:stun.l.google.com:19302"] },
        { "urls": ["turn:turnserver.example.com:3478"], "username": "user", "credential": "password" }
    ] }));
    body::<rest::ErrorBody>(&json!({ "error": { "code": "not_a_member", "message": "..." } }));
}

#[test]
fn clients_events_are_tagged_by_snake_case() {
    let call_id: CallId = "00000000-0000-0000-0000-000000000009".parse().expect("an id");
    let json = json!({ "type": "ringing", "call_id": "00000000-0000-0000-0000-000000000009" });
    assert_eq!(ClientEvent::decode(&json.to_string()), Ok(ClientEvent::Ringing { call_id }));
    assert_eq!(value(&ClientEvent::Ringing { call_id }.encode()), json);
}
