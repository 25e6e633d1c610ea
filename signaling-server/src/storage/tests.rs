//! What every store must do; each implementation is put through it.
use super::*;
use tempfile::TempDir;

async fn sqlite() -> (Sqlite, TempDir) {
    let dir = TempDir::new().unwrap();
    (Sqlite::open(&dir.path().join("test.sqlite")).await.unwrap(), dir)
}

async fn person(store: &impl Storage, username: &str) -> Profile {
    let profile = Profile { id: UserId::new(), username: username.into(), display_name: username.into() };
    let account = Account { profile: profile.clone(), password_hash: "hash".into() };
    store.create_account(&account, 0).await.unwrap();
    profile
}

fn call(caller: &Profile, callee: &Profile) -> CallRecord {
    CallRecord {
        id: CallId::new(),
        caller: caller.clone(),
        callee: callee.clone(),
        caller_device: DeviceId::new(),
        callee_device: None,
        status: CallStatus::Pending,
        version: 1,
        end_reason: None,
        created_at: 1,
        ring_until: 2,
        accepted_at: None,
        ended_at: None,
    }
}

/// When the tokens of these tests expire.
const EXPIRY: UnixMs = 1_000_000;

fn token(byte: u8) -> NewToken {
    NewToken { hash: [byte; 32], expires_at: EXPIRY }
}

#[tokio::test]
async fn a_call_is_read_as_it_was_written() {
    let (store, _dir) = sqlite().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    let placed = call(&ada, &bob);
    store.insert_call(&placed).await.unwrap();
    assert_eq!(store.call(placed.id).await.unwrap(), Some(placed.clone()));
    let ended = CallRecord {
        callee_device: Some(DeviceId::new()),
        accepted_at: Some(3),
        ..placed.ended(EndReason::ConnectionFailed, 4)
    };
    assert!(store.update_call(&ended).await.unwrap());
    assert_eq!(store.call(placed.id).await.unwrap(), Some(ended));
}

#[tokio::test]
async fn of_two_changes_to_the_same_version_the_first_wins() {
    let (store, _dir) = sqlite().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    let placed = call(&ada, &bob);
    store.insert_call(&placed).await.unwrap();
    let (first, second) = (placed.ended(EndReason::Declined, 3), placed.ended(EndReason::Cancelled, 3));
    assert!(store.update_call(&first).await.unwrap());
    assert!(!store.update_call(&second).await.unwrap());
    assert_eq!(store.call(placed.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn two_people_share_at_most_one_live_call() {
    let (store, _dir) = sqlite().await;
    let (ada, bob) = (person(&store, "ada").await, person(&store, "bob").await);
    let first = call(&ada, &bob);
    store.insert_call(&first).await.unwrap();
    for second in [call(&ada, &bob), call(&bob, &ada)] {
        assert!(matches!(store.insert_call(&second).await, Err(StorageError::Taken)));
        store.insert_call(&second.ended(EndReason::Busy, 2)).await.unwrap();
    }
    store.update_call(&first.ended(EndReason::Hangup, 3)).await.unwrap();
    store.insert_call(&call(&bob, &ada)).await.unwrap();
}

#[tokio::test]
async fn live_and_ended_calls_are_told_apart() {
    let (store, _dir) = sqlite().await;
    let (ada, bob, eve) =
        (person(&store, "ada").await, person(&store, "bob").await, person(&store, "eve").await);
    let past = call(&ada, &bob).ended(EndReason::Missed, 2);
    let live = call(&bob, &ada);
    store.insert_call(&past).await.unwrap();
    store.insert_call(&live).await.unwrap();
    assert_eq!(store.live_calls(ada.id).await.unwrap(), std::slice::from_ref(&live));
    assert_eq!(store.all_live_calls().await.unwrap(), [live]);
    assert_eq!(store.ended_calls(ada.id, None, 10).await.unwrap(), std::slice::from_ref(&past));
    assert_eq!(store.ended_calls(ada.id, Some(past.id), 10).await.unwrap(), []);
    assert_eq!(store.ended_calls(eve.id, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once() {
    let (store, _dir) = sqlite().await;
    let (ada, device) = (person(&store, "ada").await, DeviceId::new());
    store.add_device(ada.id, device, Some("desk"), token(1), 0).await.unwrap();
    let rotated = Rotation::Rotated(ada, device);
    assert_eq!(store.rotate(token(1).hash, token(2), 1).await.unwrap(), rotated);
    assert_eq!(store.rotate(token(2).hash, token(3), 1).await.unwrap(), rotated);
    assert!(store.device_is_active(device).await.unwrap());
    assert_eq!(store.rotate(token(1).hash, token(4), 1).await.unwrap(), Rotation::Reused(device));
    assert!(!store.device_is_active(device).await.unwrap());
    assert_eq!(store.rotate(token(3).hash, token(5), 1).await.unwrap(), Rotation::Refused);
}

/// A device whose token 1 was exchanged for token 2 at time 0.
async fn rotated_once() -> (Sqlite, TempDir, Rotation, DeviceId) {
    let (store, dir) = sqlite().await;
    let (ada, device) = (person(&store, "ada").await, DeviceId::new());
    store.add_device(ada.id, device, None, token(1), 0).await.unwrap();
    let rotated = Rotation::Rotated(ada, device);
    assert_eq!(store.rotate(token(1).hash, token(2), 0).await.unwrap(), rotated);
    (store, dir, rotated, device)
}

#[tokio::test]
async fn an_exchange_whose_answer_was_lost_can_be_repeated_as_long_as_the_token_holds() {
    let (store, _dir, rotated, device) = rotated_once().await;
    for (time, next) in [(1, 3), (EXPIRY - 1, 4)] {
        assert_eq!(store.rotate(token(1).hash, token(next), time).await.unwrap(), rotated);
    }
    assert_eq!(store.rotate(token(4).hash, token(5), EXPIRY - 1).await.unwrap(), rotated);
    assert!(store.device_is_active(device).await.unwrap());
}

#[tokio::test]
async fn of_a_repeated_exchange_only_the_last_token_is_good() {
    let (store, _dir, rotated, device) = rotated_once().await;
    assert_eq!(store.rotate(token(1).hash, token(3), 1).await.unwrap(), rotated);
    assert_eq!(store.rotate(token(2).hash, token(4), 2).await.unwrap(), Rotation::Reused(device));
    assert_eq!(store.rotate(token(3).hash, token(5), 3).await.unwrap(), Rotation::Refused);
    assert!(!store.device_is_active(device).await.unwrap());
}

#[tokio::test]
async fn an_exchange_is_not_repeated_once_its_token_was_used() {
    let (store, _dir, rotated, device) = rotated_once().await;
    assert_eq!(store.rotate(token(2).hash, token(3), 1).await.unwrap(), rotated);
    assert_eq!(store.rotate(token(1).hash, token(4), 2).await.unwrap(), Rotation::Reused(device));
    assert!(!store.device_is_active(device).await.unwrap());
}

#[tokio::test]
async fn an_exchange_is_not_repeated_once_its_access_token_was_used() {
    let (store, _dir) = sqlite().await;
    let (ada, device) = (person(&store, "ada").await, DeviceId::new());
    store.add_device(ada.id, device, None, token(1), 0).await.unwrap();
    let rotated = Rotation::Rotated(ada, device);
    assert_eq!(store.rotate(token(1).hash, token(2), 10).await.unwrap(), rotated);
    assert!(store.note_use(device, 9).await.unwrap(), "an older one says nothing of the answer");
    assert_eq!(store.rotate(token(1).hash, token(3), 20).await.unwrap(), rotated);
    assert!(store.note_use(device, 20).await.unwrap());
    assert_eq!(store.rotate(token(1).hash, token(4), 21).await.unwrap(), Rotation::Reused(device));
    assert!(!store.note_use(device, 21).await.unwrap(), "it is signed out");
    assert!(!store.note_use(DeviceId::new(), 0).await.unwrap(), "there is no such device");
}

#[tokio::test]
async fn an_expired_or_unknown_refresh_token_is_refused() {
    let (store, _dir) = sqlite().await;
    let (ada, device) = (person(&store, "ada").await, DeviceId::new());
    store.add_device(ada.id, device, None, token(1), 0).await.unwrap();
    assert_eq!(store.rotate(token(1).hash, token(2), EXPIRY).await.unwrap(), Rotation::Refused);
    assert_eq!(store.rotate(token(9).hash, token(2), 0).await.unwrap(), Rotation::Refused);
    assert_eq!(store.revoke(token(9).hash, 0).await.unwrap(), None);
    assert_eq!(store.revoke(token(1).hash, 0).await.unwrap(), Some(device));
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_all_come_through() {
    let (store, _dir) = sqlite().await;
    let writers: Vec<_> = (0..32)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { person(&store, &format!("user{n:02}")).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(store.find_profiles("user", UserId::new(), 100).await.unwrap().len(), 32);
}
