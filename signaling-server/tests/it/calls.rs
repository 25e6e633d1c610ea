//! Calls from the first ring to every kind of end.
use crate::support::{code, start, start_with};
use eyeline_protocol::{
    CallId,
    rest::{Call, CallStatus, EndReason, History},
};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_call_rings_on_every_device_of_the_callee() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (mut desk, mut phone) = (bob.events().await, server.device("bob").await.events().await);
    let (status, placed) = ada.try_post("/calls/initiate", json!({ "callee": "BOB" })).await;
    assert_eq!(status, StatusCode::CREATED);
    let placed: Call = serde_json::from_value(placed).unwrap();
    assert_eq!((placed.status, placed.version), (CallStatus::Pending, 1));
    assert!(placed.ring_ms_left.is_some_and(|left| (1..=60_000).contains(&left)));
    assert_eq!(desk.incoming().await.id, placed.id);
    assert_eq!(phone.incoming().await.id, placed.id);
    let active: Vec<Call> = bob.get("/calls/active").await;
    assert_eq!(active[0].id, placed.id);
}

#[tokio::test]
async fn an_accepted_call_is_ongoing_for_all_and_gone_from_the_other_device() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let phone = server.device("bob").await;
    let (mut at_ada, mut at_phone) = (ada.events().await, phone.events().await);
    let call = ada.call(&bob).await;
    assert_eq!(at_ada.update().await.status, CallStatus::Pending);
    let accepted = bob.act("accept", call.id).await;
    assert_eq!((accepted.status, accepted.version), (CallStatus::Ongoing, 2));
    assert_eq!(accepted.callee_device, Some(bob.session.device_id));
    assert_eq!(at_ada.update().await.status, CallStatus::Ongoing);
    at_phone.incoming().await;
    assert_eq!(at_phone.update().await.callee_device, Some(bob.session.device_id));

    assert_eq!(bob.act("accept", call.id).await.version, 2, "accepting again changes nothing");
    let (status, body) = phone.try_act("accept", call.id).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "answered_elsewhere"));
    assert_eq!(body["call"]["status"], "ongoing");
    let (status, body) = ada.try_act("cancel", call.id).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "already_accepted"));
}

#[tokio::test]
async fn each_way_to_end_a_call_has_its_reason_and_works_twice() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    for (accept, action, by_caller, reason) in [
        (false, "decline", false, EndReason::Declined),
        (false, "cancel", true, EndReason::Cancelled),
        (false, "end", true, EndReason::Cancelled),
        (false, "end", false, EndReason::Declined),
        (true, "end", true, EndReason::Hangup),
        (true, "end", false, EndReason::Hangup),
    ] {
        let call = ada.call(&bob).await;
        if accept {
            bob.act("accept", call.id).await;
        }
        let who = if by_caller { &ada } else { &bob };
        let ended = who.act(action, call.id).await;
        assert_eq!((ended.status, ended.end_reason), (CallStatus::Ended, Some(reason)), "{action}");
        assert_eq!(who.act(action, call.id).await, ended, "{action} again");
        let (status, body) = bob.try_act("accept", call.id).await;
        assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "already_ended"));
        assert_eq!(body["call"]["id"], json!(call.id));
    }
}

#[tokio::test]
async fn a_client_may_say_that_the_connection_failed_but_not_that_a_call_was_missed() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let call = ada.call_and_be_accepted(&bob).await;
    let path = format!("/calls/end/{}", call.id);
    let (status, body) = ada.try_post(&path, json!({ "reason": "missed" })).await;
    assert_eq!((status, code(&body)), (StatusCode::UNPROCESSABLE_ENTITY, "invalid_reason"));
    let (status, body) = ada.try_post(&path, json!({ "reason": "connection_failed" })).await;
    assert_eq!((status, &body["end_reason"]), (StatusCode::OK, &json!("connection_failed")));
    let call = ada.call_and_be_accepted(&bob).await;
    assert_eq!(bob.end(call.id, EndReason::Replaced).await.end_reason, Some(EndReason::Replaced));
}

#[tokio::test]
async fn the_only_device_of_the_callee_that_is_busy_ends_the_call() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (mut at_ada, _at_bob) = (ada.events().await, bob.events().await);
    let call = ada.call(&bob).await;
    let ended = bob.end(call.id, EndReason::Busy).await;
    assert_eq!((ended.status, ended.end_reason), (CallStatus::Ended, Some(EndReason::Busy)));
    assert_eq!(at_ada.update().await.status, CallStatus::Pending);
    assert_eq!(at_ada.update().await.end_reason, Some(EndReason::Busy));
    assert_eq!(bob.end(call.id, EndReason::Busy).await, ended, "busy again");
}

#[tokio::test]
async fn a_call_rings_on_where_another_device_is_not_busy() {
    let server = start().await;
    let (ada, desk) = (server.person("ada").await, server.person("bob").await);
    let phone = server.device("bob").await;
    let (_at_desk, _at_phone) = (desk.events().await, phone.events().await);
    let call = ada.call(&desk).await;
    assert_eq!(desk.end(call.id, EndReason::Busy).await.status, CallStatus::Pending);
    assert_eq!(desk.end(call.id, EndReason::Busy).await.status, CallStatus::Pending, "said twice");
    assert_eq!(phone.act("accept", call.id).await.callee_device, Some(phone.session.device_id));
    assert_eq!(desk.end(call.id, EndReason::Busy).await.status, CallStatus::Ongoing, "the phone has it");
    ada.act("end", call.id).await;

    let call = ada.call(&desk).await;
    assert_eq!(desk.end(call.id, EndReason::Busy).await.status, CallStatus::Pending);
    assert_eq!(phone.end(call.id, EndReason::Busy).await.end_reason, Some(EndReason::Busy));
}

#[tokio::test]
async fn callee_sees_missed_call_after_ring_timeout() {
    let server = start_with(|config| config.ring_timeout = Duration::from_millis(200)).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let mut at_bob = bob.events().await;
    let call = ada.call(&bob).await;
    assert_eq!(at_bob.incoming().await.id, call.id);
    assert_eq!(at_bob.update().await.end_reason, Some(EndReason::Missed));
    let history: History = bob.get("/calls/history").await;
    assert_eq!(history.calls[0].end_reason, Some(EndReason::Missed));
}

#[tokio::test]
async fn a_callee_who_comes_online_while_it_rings_is_told() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let call = ada.call(&bob).await;
    let mut socket = bob.open("/ws/events").await;
    match socket.event().await {
        eyeline_protocol::event::Event::Welcome { calls, .. } => assert_eq!(calls[0].id, call.id),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_is_in_a_call_is_busy() {
    let server = start().await;
    let (ada, bob, eve) =
        (server.person("ada").await, server.person("bob").await, server.person("eve").await);
    ada.call_and_be_accepted(&bob).await;
    let refused = eve.call(&bob).await;
    assert_eq!((refused.status, refused.end_reason), (CallStatus::Ended, Some(EndReason::Busy)));
    let history: History = eve.get("/calls/history").await;
    assert_eq!(history.calls[0].id, refused.id);
    let still: Vec<Call> = bob.get("/calls/active").await;
    assert_eq!(still.len(), 1);
}

#[tokio::test]
async fn calling_anew_from_the_same_device_replaces_the_stale_call() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    for accept in [false, true] {
        let stale = ada.call(&bob).await;
        if accept {
            bob.act("accept", stale.id).await;
        }
        let fresh = ada.call(&bob).await;
        assert_eq!(fresh.status, CallStatus::Pending);
        let stale: Call = ada.get(&format!("/calls/{}", stale.id)).await;
        assert_eq!(stale.end_reason, Some(EndReason::Replaced));
    }
}

#[tokio::test]
async fn calls_that_make_no_sense_are_refused() {
    let server = start().await;
    let ada = server.person("ada").await;
    let (status, body) = ada.try_call(&ada).await;
    assert_eq!((status, code(&body)), (StatusCode::UNPROCESSABLE_ENTITY, "call_to_self"));
    let (status, body) = ada.try_post("/calls/initiate", json!({ "callee": "nobody" })).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "no_such_user"));
    let (status, body) = ada.try_post("/calls/initiate", json!({})).await;
    assert_eq!((status, code(&body)), (StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"));
    let (status, body) = ada.try_act("accept", CallId::new()).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "no_such_call"));
}

#[tokio::test]
async fn a_call_is_the_business_of_its_two_members() {
    let server = start().await;
    let (ada, bob, eve) =
        (server.person("ada").await, server.person("bob").await, server.person("eve").await);
    let call = ada.call(&bob).await;
    for action in ["accept", "decline", "cancel", "end"] {
        let (status, body) = eve.try_act(action, call.id).await;
        assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not_a_member"), "{action}");
    }
    let (status, body) = eve.try_get(&format!("/calls/{}", call.id)).await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not_a_member"));
    let (status, body) = ada.try_act("accept", call.id).await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not_callee"));
    let (status, body) = bob.try_act("cancel", call.id).await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not_caller"));
}

#[tokio::test]
async fn the_history_comes_in_pages_newest_first() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let mut placed = Vec::new();
    for _ in 0..5 {
        let call = ada.call(&bob).await;
        ada.act("cancel", call.id).await;
        placed.insert(0, call.id);
    }
    let mut seen = Vec::new();
    let mut page: History = bob.get("/calls/history?limit=2").await;
    seen.extend(page.calls.iter().map(|call| call.id));
    while let Some(before) = page.next_before {
        page = bob.get(&format!("/calls/history?limit=2&before={before}")).await;
        seen.extend(page.calls.iter().map(|call| call.id));
    }
    assert_eq!(seen, placed);
}

#[tokio::test]
async fn an_accepted_call_that_everybody_left_is_ended_in_the_end() {
    let server = start_with(|config| config.abandoned_after = Duration::from_millis(200)).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let mut attending = ada.relay(ada.call_and_be_accepted(&bob).await.id).await;
    let abandoned = {
        let (carol, dan) = (server.person("carol").await, server.person("dan").await);
        let call = carol.call_and_be_accepted(&dan).await;
        crate::support::eventually(async || {
            carol.get::<Call>(&format!("/calls/{}", call.id)).await.status == CallStatus::Ended
        })
        .await;
        carol.get::<Call>(&format!("/calls/{}", call.id)).await
    };
    assert_eq!(abandoned.end_reason, Some(EndReason::ConnectionFailed));
    let attended: Vec<Call> = ada.get("/calls/active").await;
    assert_eq!(attended.len(), 1, "a member's signaling socket keeps a call alive");
    attending.peer(false).await;
}

#[tokio::test]
async fn a_call_that_both_its_devices_left_is_ended_though_both_people_are_online() {
    let server = start_with(|config| config.abandoned_after = Duration::from_millis(200)).await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let (carol, dan) = (server.person("carol").await, server.person("dan").await);
    let _elsewhere = (server.device("ada").await.events().await, server.device("bob").await.events().await);
    let _at_dan = dan.events().await;
    let attended = carol.call_and_be_accepted(&dan).await;
    let ghost = ada.call_and_be_accepted(&bob).await;
    crate::support::eventually(async || {
        let now: Call = ada.get(&format!("/calls/{}", ghost.id)).await;
        now.end_reason == Some(EndReason::ConnectionFailed)
    })
    .await;
    let attended: Call = carol.get(&format!("/calls/{}", attended.id)).await;
    assert_eq!(attended.status, CallStatus::Ongoing, "one device that is there keeps a call alive");
}

#[tokio::test]
async fn a_new_call_of_two_people_replaces_the_one_that_both_their_devices_left() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let phone = server.device("ada").await;
    let ghost = ada.call_and_be_accepted(&bob).await;
    let fresh = phone.call(&bob).await;
    assert_eq!(fresh.status, CallStatus::Pending);
    let ghost: Call = ada.get(&format!("/calls/{}", ghost.id)).await;
    assert_eq!(ghost.end_reason, Some(EndReason::Replaced));

    let _at_bob = bob.events().await;
    bob.act("accept", fresh.id).await;
    assert_eq!(ada.call(&bob).await.end_reason, Some(EndReason::Busy), "one of the two devices is there");
}
