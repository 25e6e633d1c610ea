//! What must hold however requests interleave.
use crate::support::{Socket, code, start};
use eyeline_protocol::rest::{Call, CallStatus, EndReason};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_devices_that_accept_at_once_exactly_one_wins() {
    let server = start().await;
    let ada = server.person("ada").await;
    let desk = server.person("bob").await;
    let phone = server.device("bob").await;
    for _ in 0..50 {
        let call = ada.call(&desk).await;
        let (first, second) = tokio::join!(desk.try_act("accept", call.id), phone.try_act("accept", call.id));
        let (won, lost) = if first.0 == StatusCode::OK { (first, second) } else { (second, first) };
        assert_eq!((won.0, lost.0), (StatusCode::OK, StatusCode::CONFLICT));
        assert_eq!(code(&lost.1), "answered_elsewhere");
        assert_eq!(lost.1["call"]["callee_device"], won.1["callee_device"]);
        ada.act("end", call.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_call_each_other_at_once_meet_in_one_call() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    for _ in 0..30 {
        let (from_ada, from_bob) = tokio::join!(ada.try_call(&bob), bob.try_call(&ada));
        let mut statuses = [from_ada.0, from_bob.0];
        statuses.sort();
        assert_eq!(statuses, [StatusCode::OK, StatusCode::CREATED]);
        assert_eq!(from_ada.1["id"], from_bob.1["id"]);
        let calls: Vec<Call> = ada.get("/calls/active").await;
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].status, CallStatus::Ongoing);
        ada.act("end", calls[0].id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accept_and_a_cancel_at_once_leave_one_truth() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    for _ in 0..30 {
        let call = ada.call(&bob).await;
        let (cancel, accept) = tokio::join!(ada.try_act("cancel", call.id), bob.try_act("accept", call.id));
        let now: Call = ada.get(&format!("/calls/{}", call.id)).await;
        match now.status {
            CallStatus::Ongoing => {
                assert_eq!((accept.0, code(&cancel.1)), (StatusCode::OK, "already_accepted"));
                bob.act("end", call.id).await;
            }
            CallStatus::Ended => {
                assert_eq!(now.end_reason, Some(EndReason::Cancelled));
                assert_eq!((cancel.0, code(&accept.1)), (StatusCode::OK, "already_ended"));
            }
            CallStatus::Pending => panic!("neither came through"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_while_sockets_open_is_missed_by_none_of_them() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let call = ada.call(&bob).await;
    for path in ["/ws/events".to_owned(), format!("/ws/webrtc/{}", call.id)] {
        for _ in 0..10 {
            let phone = server.device("bob").await.session;
            let path = format!("{path}?token={}", phone.access_token);
            let opening = join_all((0..20).map(|_| Socket::open(&server.address, &path, &[])));
            let token = json!({ "refresh_token": phone.refresh_token });
            let sign_out = server.request(Method::POST, "/auth/logout", None, Some(token));
            let (opened, (status, _)) = tokio::join!(opening, sign_out);
            assert_eq!(status, StatusCode::NO_CONTENT);
            for mut socket in opened.into_iter().flatten() {
                let code = socket.close_code().await;
                assert!(matches!(code, 4401 | 4409), "{code}");
            }
        }
    }
}
