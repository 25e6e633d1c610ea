//! What a restart must not lose.
use crate::support::{start, start_in};
use eyeline_protocol::rest::{Call, CallStatus, EndReason, History};
use std::time::Duration;

#[tokio::test]
async fn accounts_sessions_and_calls_outlive_the_process() {
    let server = start().await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let call = ada.call_and_be_accepted(&bob).await;
    let (ada, bob) = (ada.session, bob.session);

    let server = start_in(server.stop().await, |_| {}).await;
    let ada = server.signed_in(serde_json::to_value(ada).unwrap());
    let bob = server.signed_in(serde_json::to_value(bob).unwrap());
    let active: Vec<Call> = ada.get("/calls/active").await;
    assert_eq!((active[0].id, active[0].status), (call.id, CallStatus::Ongoing));
    server.device("ada").await;
    let mut relay = bob.relay(call.id).await;
    relay.peer(false).await;
    ada.act("end", call.id).await;
    let history: History = bob.get("/calls/history").await;
    assert_eq!(history.calls[0].end_reason, Some(EndReason::Hangup));
}

#[tokio::test]
async fn a_call_that_rang_through_a_restart_is_missed_in_time() {
    let server = start_in(tempfile::tempdir().unwrap(), |config| {
        config.ring_timeout = Duration::from_secs(2);
    })
    .await;
    let (ada, bob) = (server.person("ada").await, server.person("bob").await);
    let call = ada.call(&bob).await;
    let bob = serde_json::to_value(bob.session).unwrap();
    let server = start_in(server.stop().await, |_| {}).await;
    let bob = server.signed_in(bob);
    crate::support::eventually(async || {
        let now: Call = bob.get(&format!("/calls/{}", call.id)).await;
        now.end_reason == Some(EndReason::Missed)
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn secrets_are_readable_by_the_servers_account_only() {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };
    const FILES: [&str; 4] = ["signing.key", "eyeline.sqlite", "eyeline.sqlite-wal", "eyeline.sqlite-shm"];
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let server = start_in(dir, |_| {}).await;
    let modes = |server: &crate::support::Running| {
        FILES.map(|name| fs::metadata(server.dir().join(name)).unwrap().permissions().mode() & 0o777)
    };
    server.person("ada").await;
    assert_eq!(modes(&server), [0o600; 4]);

    // As an earlier version left it.
    let dir = server.stop().await;
    fs::set_permissions(dir.path().join("eyeline.sqlite"), Permissions::from_mode(0o644)).unwrap();
    let server = start_in(dir, |_| {}).await;
    server.device("ada").await;
    assert_eq!(modes(&server), [0o600; 4]);
}
