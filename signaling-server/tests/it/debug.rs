//! The public contract's debug endpoints.
use crate::support::{Person, code, eventually, start};
use eyeline_protocol::signal::{ConnectionState, Sdp, SdpKind, Signal};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn state(person: &Person, path: &str) -> Value {
    person.get(path).await
}

#[tokio::test]
async fn the_connection_of_a_call_can_be_watched_by_its_members() {
    let server = start().await;
    let (ada, bob, eve) =
        (server.person("ada").await, server.person("bob").await, server.person("eve").await);
    let call = ada.call_and_be_accepted(&bob).await;
    let path = format!("/ws/webrtc/connection-state/{}", call.id);
    let before = state(&bob, &path).await;
    assert_eq!(before["call_id"], json!(call.id));
    assert_eq!((&before["connection_state"], &before["ice_candidates_count"]), (&json!("new"), &json!(0)));
    assert_eq!(before["created_at"], json!(call.created_at));

    let mut relay = ada.relay(call.id).await;
    let offer = Sdp { kind: SdpKind::Offer, sdp: "v=0\r\n".into() };
    relay.signal(&Signal::Offer { offer }).await;
    relay.signal(&Signal::IceCandidate { candidate: None }).await;
    eventually(async || {
        let now = state(&bob, &path).await;
        now["connection_state"] == "connecting" && now["ice_candidates_count"] == 1
    })
    .await;
    relay.signal(&Signal::ConnectionState { state: ConnectionState::Connected }).await;
    eventually(async || state(&bob, &path).await["connection_state"] == "connected").await;

    assert!(state(&bob, &path).await.get("stats").is_none(), "nobody has told of any figures");
    let figures = json!({
        "timestamp": 1.0,
        "remote-inbound-rtp": [{"kind": "video", "roundTripTime": 0.05, "fractionLost": 0.25}]
    });
    let report = json!({"type": "connection_state", "state": "connected", "stats": figures});
    relay.send(report.to_string()).await;
    eventually(async || state(&bob, &path).await["stats"] == json!({"caller": figures})).await;

    let (status, body) = eve.try_get(&path).await;
    assert_eq!((status, code(&body)), (StatusCode::FORBIDDEN, "not_a_member"));
    let all = state(&ada, "/ws/webrtc/active-connections").await;
    assert_eq!(all["total_calls"], 1);
    assert_eq!(all["connections"][call.id.to_string()]["connection_state"], "connected");
    assert_eq!(
        state(&eve, "/ws/webrtc/active-connections").await,
        json!({"total_calls": 0, "connections": {}})
    );

    ada.act("end", call.id).await;
    assert_eq!(state(&bob, &path).await["connection_state"], "closed");
}
