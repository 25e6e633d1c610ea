//! The relay between the two members of a call.
use crate::support::{Person, Running, Socket, code, start, start_in};
use eyeline_protocol::{
    CallId,
    rest::{Call, EndReason},
    signal::{CANDIDATES_MAX, ConnectionState, IceCandidate, SDP_MAX_BYTES, Sdp, SdpKind, Signal},
};
use reqwest::Method;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Error;

fn sdp(ufrag: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\n")
}

fn offer(ufrag: &str) -> Signal {
    Signal::Offer { offer: Sdp { kind: SdpKind::Offer, sdp: sdp(ufrag) } }
}

fn answer() -> Signal {
    Signal::Answer { answer: Sdp { kind: SdpKind::Answer, sdp: sdp("callee") } }
}

fn candidate(n: usize) -> Signal {
    Signal::IceCandidate {
        candidate: Some(IceCandidate {
            candidate: format!("candidate:{n} 1 udp 1 192.0.2.1 9 typ host"),
            sdp_m_line_index: Some(0),
            sdp_mid: Some("0".into()),
            username_fragment: None,
        }),
    }
}

async fn accepted() -> (Running, Person, Person, Call) {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let call = ada.call_and_be_accepted(&bob).await;
    (server, ada, bob, call)
}

/// A call that rings at both devices of who is called.
async fn ringing() -> (Running, Person, [Person; 2], Call) {
    let server = start().await;
    let (ada, desk) = (server.person("ada").await, server.person("bob").await);
    let phone = server.device("bob").await;
    let call = ada.call(&desk).await;
    (server, ada, [desk, phone], call)
}

/// Both members' sockets, each of which knows of the other.
async fn met() -> (Running, Person, Person, Call, Socket, Socket) {
    let (server, ada, bob, call) = accepted().await;
    let mut a = ada.relay(call.id).await;
    a.peer(false).await;
    let mut b = bob.relay(call.id).await;
    b.peer(true).await;
    a.peer(true).await;
    (server, ada, bob, call, a, b)
}

#[tokio::test]
async fn messages_reach_the_other_member_in_order_and_unchanged() {
    let (_server, _ada, _bob, _call, mut a, mut b) = met().await;
    for signal in [offer("one"), candidate(1), Signal::IceCandidate { candidate: None }] {
        a.signal(&signal).await;
        assert_eq!(b.relayed().await, signal);
    }
    let state = Signal::ConnectionState { state: ConnectionState::Connected };
    for signal in [answer(), candidate(2), state] {
        b.signal(&signal).await;
        assert_eq!(a.relayed().await, signal);
    }
}

#[tokio::test]
async fn what_comes_before_the_other_member_waits_offer_first() {
    let (_server, ada, bob, call) = accepted().await;
    let mut a = ada.relay(call.id).await;
    for signal in [candidate(1), offer("stale"), candidate(2), offer("one"), candidate(3)] {
        a.signal(&signal).await;
    }
    // The answer to this shows that everything before it was taken.
    a.send("{}").await;
    assert_eq!(a.refusal().await, "no_type");
    let mut b = bob.relay(call.id).await;
    assert_eq!(b.relayed().await, offer("one"));
    assert_eq!(b.relayed().await, candidate(3));
}

#[tokio::test]
async fn candidates_wait_for_their_offer_even_when_both_are_there() {
    let (_server, _ada, _bob, _call, mut a, mut b) = met().await;
    for signal in [candidate(1), candidate(2), offer("one")] {
        a.signal(&signal).await;
    }
    for expected in [offer("one"), candidate(1), candidate(2)] {
        assert_eq!(b.relayed().await, expected);
    }
}

#[tokio::test]
async fn members_learn_of_each_others_coming_and_going() {
    let (_server, _ada, bob, call, mut a, b) = met().await;
    b.close().await;
    a.peer(false).await;
    let _b = bob.relay(call.id).await;
    a.peer(true).await;
}

#[tokio::test]
async fn the_last_socket_of_a_person_takes_over() {
    let (_server, _ada, bob, call, mut a, mut b) = met().await;
    let mut newer = bob.relay(call.id).await;
    assert_eq!(b.close_code().await, 4409);
    a.peer(true).await;
    a.signal(&offer("one")).await;
    assert_eq!(newer.relayed().await, offer("one"));
}

#[tokio::test]
async fn the_end_of_the_call_ends_both_sockets() {
    let (_server, ada, _bob, call, mut a, mut b) = met().await;
    ada.act("end", call.id).await;
    for socket in [&mut a, &mut b] {
        assert_eq!(socket.relayed().await, Signal::Ended { reason: EndReason::Hangup });
        assert_eq!(socket.close_code().await, 1000);
    }
}

#[tokio::test]
async fn a_lost_socket_does_not_end_the_call() {
    let (_server, ada, _bob, call, a, b) = met().await;
    drop((a, b));
    let now: Call = ada.get(&format!("/calls/{}", call.id)).await;
    assert_eq!(now.status, call.status);
}

async fn refused(server: &Running, path: &str, headers: &[(&'static str, &str)]) -> (u16, String) {
    match Socket::open(&server.address, path, headers).await.map(drop).map_err(|error| *error) {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), code(&serde_json::from_slice(&body).unwrap()).to_owned())
        }
        other => panic!("{other:?} instead of a refusal"),
    }
}

#[tokio::test]
async fn sockets_are_refused_before_the_upgrade() {
    let (server, ada, _bob, call) = accepted().await;
    let eve = server.person("eve").await;
    let path = format!("/ws/webrtc/{}", call.id);
    let token = |person: &Person| format!("Bearer {}", person.session.access_token);
    assert_eq!(refused(&server, &path, &[]).await, (401, "no_token".into()));
    assert_eq!(refused(&server, &format!("{path}?token=x"), &[]).await, (401, "bad_token".into()));
    let as_eve = [("authorization", token(&eve))];
    let headers = as_eve.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(refused(&server, &path, &headers).await, (403, "not_a_member".into()));
    let unknown = format!("/ws/webrtc/{}", CallId::new());
    assert_eq!(refused(&server, &unknown, &headers).await, (404, "no_such_call".into()));
    ada.act("end", call.id).await;
    let as_ada = token(&ada);
    assert_eq!(refused(&server, &path, &[("authorization", &as_ada)]).await, (409, "already_ended".into()));
}

#[tokio::test]
async fn a_third_device_does_not_take_the_place_of_one_in_the_call() {
    let (server, _ada, _bob, call, mut a, mut b) = met().await;
    let path = format!("/ws/webrtc/{}", call.id);
    for (name, expected) in [("bob", "answered_elsewhere"), ("ada", "on_another_device")] {
        let bearer = format!("Bearer {}", server.device(name).await.session.access_token);
        let told = refused(&server, &path, &[("authorization", &bearer)]).await;
        assert_eq!(told, (409, expected.into()));
    }
    a.signal(&offer("one")).await;
    assert_eq!(b.relayed().await, offer("one"));
}

#[tokio::test]
async fn whatever_a_device_opened_while_it_rang_is_closed_when_another_takes_the_call() {
    let (_server, _ada, [desk, phone], call) = ringing().await;
    let mut early = phone.relay(call.id).await;
    early.peer(false).await;
    desk.act("accept", call.id).await;
    assert_eq!(early.close_code().await, 4409);
    desk.relay(call.id).await.peer(false).await;
}

#[tokio::test]
async fn where_it_rings_nobody_hears_where_the_caller_is_before_accepting() {
    let (_server, ada, [desk, phone], call) = ringing().await;
    let mut caller = ada.relay(call.id).await;
    caller.peer(false).await;
    let mut ringing = Vec::new();
    for device in [&phone, &desk] {
        let mut socket = device.relay(call.id).await;
        socket.peer(true).await;
        ringing.push(socket);
    }
    for signal in [offer("one"), candidate(1)] {
        caller.signal(&signal).await;
    }
    desk.act("accept", call.id).await;
    let [elsewhere, accepted] = &mut ringing[..] else { panic!("two devices") };
    assert_eq!(elsewhere.close_code().await, 4409, "the first that it hears");
    caller.peer(true).await;
    for signal in [offer("one"), candidate(1)] {
        assert_eq!(accepted.relayed().await, signal);
    }
    accepted.signal(&answer()).await;
    assert_eq!(caller.relayed().await, answer());
}

#[tokio::test]
async fn a_relay_outlives_its_token_as_long_as_its_device_is_signed_in() {
    let (server, _ada, bob, call) = accepted().await;
    let bob = serde_json::json!({ "refresh_token": bob.session.refresh_token });
    // Only now with short tokens, so that none of the above depends on how fast this machine is.
    let short = Duration::from_secs(2);
    let server = start_in(server.stop().await, |config| config.access_token_ttl = short).await;
    let (_, session) = server.request(Method::POST, "/auth/refresh", None, Some(bob)).await;
    let bob = server.signed_in(session);
    let mut events = bob.events().await;
    let mut relay = bob.relay(call.id).await;
    relay.peer(false).await;
    assert_eq!(events.close_code().await, 4401, "the token has expired");
    relay.send("{}").await;
    assert_eq!(relay.refusal().await, "no_type", "the relay serves");
    // Behind the server's back, so that nothing but another look finds it.
    let file = SqliteConnectOptions::new().filename(server.dir().join("eyeline.sqlite"));
    let mut database = file.connect().await.unwrap();
    sqlx::query("UPDATE devices SET revoked_at = 1 WHERE id = ?")
        .bind(bob.session.device_id.to_string())
        .execute(&mut database)
        .await
        .unwrap();
    assert_eq!(relay.close_code().await, 4401);
}

#[tokio::test]
async fn a_token_is_taken_from_header_subprotocol_or_query() {
    let (server, ada, _bob, call) = accepted().await;
    let (path, token) = (format!("/ws/webrtc/{}", call.id), &ada.session.access_token);
    let (bearer, list) = (format!("Bearer {token}"), format!("bearer, {token}"));
    for (path, headers) in [
        (path.clone(), vec![("authorization", bearer.as_str())]),
        (path.clone(), vec![("sec-websocket-protocol", list.as_str())]),
        (format!("{path}?token={token}"), vec![]),
    ] {
        Socket::open(&server.address, &path, &headers).await.unwrap().peer(false).await;
    }
}

#[tokio::test]
async fn messages_that_do_not_fit_are_answered_and_not_relayed() {
    let (_server, _ada, _bob, _call, mut a, mut b) = met().await;
    let long = "x".repeat(SDP_MAX_BYTES);
    for (text, expected) in [
        ("not json".to_owned(), "not_json"),
        (r#"{"offer":1}"#.into(), "no_type"),
        (r#"{"type":"dance"}"#.into(), "unknown_type"),
        (r#"{"type":"offer","offer":{"type":"answer","sdp":"v=0"}}"#.into(), "malformed"),
        (r#"{"type":"offer","offer":{"type":"offer","sdp":"hello"}}"#.into(), "malformed"),
        (format!(r#"{{"type":"offer","offer":{{"type":"offer","sdp":"v=0{long}"}}}}"#), "malformed"),
        (format!(r#"{{"type":"offer","offer":"{long}{long}"}}"#), "too_large"),
        (r#"{"type":"ended","reason":"hangup"}"#.into(), "not_allowed"),
    ] {
        a.send(text).await;
        assert_eq!(a.refusal().await, expected);
    }
    a.signal(&offer("one")).await;
    assert_eq!(b.relayed().await, offer("one"), "nothing came before it");
}

#[tokio::test]
async fn a_negotiation_has_a_bounded_number_of_candidates() {
    let (_server, _ada, _bob, _call, mut a, mut b) = met().await;
    a.signal(&offer("one")).await;
    for n in 0..=CANDIDATES_MAX {
        a.signal(&candidate(n)).await;
    }
    assert_eq!(a.refusal().await, "too_many_candidates");
    a.signal(&offer("two")).await;
    a.signal(&candidate(0)).await;
    assert_eq!(b.relayed().await, offer("one"));
    for n in 0..CANDIDATES_MAX {
        assert_eq!(b.relayed().await, candidate(n));
    }
    assert_eq!(b.relayed().await, offer("two"));
    assert_eq!(b.relayed().await, candidate(0));
}

#[tokio::test]
async fn a_flood_is_refused_and_then_cut_off() {
    let (_server, _ada, _bob, _call, mut a, _b) = met().await;
    for _ in 0..1000 {
        a.signal(&Signal::ConnectionState { state: ConnectionState::New }).await;
    }
    assert_eq!(a.refusal().await, "rate_limited");
    assert_eq!(a.close_code().await, 1008);
}

#[tokio::test]
async fn garbage_without_end_costs_the_socket() {
    let (_server, _ada, _bob, _call, mut a, mut b) = met().await;
    for _ in 0..20 {
        a.send("garbage").await;
    }
    assert_eq!(a.close_code().await, 1008);
    b.peer(false).await;
}

#[tokio::test]
async fn binary_frames_cost_the_socket() {
    let (_server, _ada, _bob, _call, mut a, _b) = met().await;
    a.send_binary().await;
    assert_eq!(a.close_code().await, 1002);
}
