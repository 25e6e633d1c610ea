//! The event socket: welcome, presence, tokens, the end of the server.
use crate::support::{Person, Running, Socket, start, start_with};
use eyeline_protocol::{
    event::{ClientEvent, Event},
    rest::{Presence, Session, User},
};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

async fn presence(socket: &mut Socket, of: &Person) -> Presence {
    loop {
        match socket.event().await {
            Event::Presence { user_id, presence } if user_id == of.session.user.id => return presence,
            _ => {}
        }
    }
}

#[tokio::test]
async fn presence_follows_sockets_and_calls() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let mut at_ada = ada.events().await;
    let at_bob = bob.events().await;
    assert_eq!(presence(&mut at_ada, &bob).await, Presence::Online);
    let call = ada.call_and_be_accepted(&bob).await;
    assert_eq!(presence(&mut at_ada, &bob).await, Presence::InCall);
    let found: Vec<User> = ada.get("/users?query=bob").await;
    assert_eq!(found[0].presence, Presence::InCall);
    bob.act("end", call.id).await;
    assert_eq!(presence(&mut at_ada, &bob).await, Presence::Online);
    drop(at_bob);
    assert_eq!(presence(&mut at_ada, &bob).await, Presence::Offline);
}

#[tokio::test]
async fn the_welcome_names_the_person_as_present() {
    let server = start().await;
    let ada = server.person("ada").await;
    match ada.open("/ws/events").await.event().await {
        Event::Welcome { user, calls } => {
            assert_eq!((user.id, user.presence), (ada.session.user.id, Presence::Online));
            assert!(calls.is_empty());
        }
        other => panic!("{other:?}"),
    }
}

/// The same device with its next tokens.
async fn renew(server: &Running, person: &Person) -> Session {
    let body = json!({ "refresh_token": person.session.refresh_token });
    let (_, session) = server.request(Method::POST, "/auth/refresh", None, Some(body)).await;
    serde_json::from_value(session).unwrap()
}

#[tokio::test]
async fn a_socket_outlives_its_token_only_with_a_new_one() {
    let server = start_with(|config| config.access_token_ttl = Duration::from_secs(3)).await;
    let ada = server.person("ada").await;
    let mut socket = ada.events().await;
    let Event::TokenExpiring { expires_in_ms } = socket.call_event().await else { panic!("no warning") };
    assert!(expires_in_ms <= 3000);
    let access_token = renew(&server, &ada).await.access_token;
    socket.send(ClientEvent::Token { access_token }.encode()).await;
    assert!(matches!(socket.call_event().await, Event::TokenExpiring { .. }), "warned about the new one");
    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test]
async fn another_devices_token_does_not_renew_a_socket() {
    let server = start().await;
    let ada = server.person("ada").await;
    let access_token = server.device("ada").await.session.access_token;
    let mut socket = ada.events().await;
    socket.send(ClientEvent::Token { access_token }.encode()).await;
    assert!(matches!(socket.call_event().await, Event::Error { code, .. } if code == "bad_token"));
}

#[tokio::test]
async fn messages_that_do_not_fit_are_answered() {
    let server = start().await;
    let mut socket = server.person("ada").await.events().await;
    let unknown_call = ClientEvent::Ringing { call_id: eyeline_protocol::CallId::new() }.encode();
    for (text, expected) in [
        ("x", "not_json"),
        ("{}", "no_type"),
        (r#"{"type":"dance"}"#, "unknown_type"),
        (r#"{"type":"ringing"}"#, "malformed"),
        (unknown_call.as_str(), "no_such_call"),
    ] {
        socket.send(text).await;
        match socket.call_event().await {
            Event::Error { code, .. } => assert_eq!(code, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_goes_down_says_so() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let mut events = ada.events().await;
    let mut relay = ada.relay(ada.call_and_be_accepted(&bob).await.id).await;
    let (_, event, relay_code) = tokio::join!(
        server.stop(),
        async {
            loop {
                if let Event::ServerShutdown { .. } = events.event().await {
                    return events.close_code().await;
                }
            }
        },
        relay.close_code()
    );
    assert_eq!((event, relay_code), (1012, 1012));
}
