//! Signing up, in and out, and finding each other.
use crate::support::{PASSWORD, Running, code, start};
use eyeline_protocol::rest::{Presence, User};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};

async fn post(server: &Running, path: &str, body: Value) -> (StatusCode, Value) {
    server.request(Method::POST, path, None, Some(body)).await
}

#[tokio::test]
async fn registration_signs_in_under_the_folded_name() {
    let server = start().await;
    let body = json!({ "username": "Ada", "password": PASSWORD, "display_name": " Ada Lovelace " });
    let (status, session) = post(&server, "/auth/register", body).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["expires_in_s"], 900);
    let me: User = server.signed_in(session).get("/users/me").await;
    assert_eq!((me.username.as_str(), me.display_name.as_str()), ("ada", "Ada Lovelace"));
}

#[tokio::test]
async fn a_user_name_belongs_to_one_account() {
    let server = start().await;
    server.person("ada").await;
    let body = json!({ "username": "ADA", "password": PASSWORD });
    let (status, body) = post(&server, "/auth/register", body).await;
    assert_eq!((status, code(&body)), (StatusCode::CONFLICT, "username_taken"));
}

#[tokio::test]
async fn names_and_passwords_that_do_not_fit_are_refused() {
    let server = start().await;
    let cases = [
        (json!({ "username": "a b", "password": PASSWORD }), "invalid_username"),
        (json!({ "username": "ada", "password": "short" }), "invalid_password"),
        (json!({ "username": "ada", "password": PASSWORD, "display_name": "\u{7}" }), "invalid_display_name"),
    ];
    for (body, expected) in cases {
        let (status, body) = post(&server, "/auth/register", body).await;
        assert_eq!((status, code(&body)), (StatusCode::UNPROCESSABLE_ENTITY, expected));
    }
}

#[tokio::test]
async fn each_login_is_a_device_of_its_own() {
    let server = start().await;
    let first = server.person("ada").await;
    let second = server.device("Ada").await;
    assert_eq!(first.session.user.id, second.session.user.id);
    assert_ne!(first.session.device_id, second.session.device_id);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_refused_alike() {
    let server = start().await;
    server.person("ada").await;
    let wrong = post(&server, "/auth/login", json!({ "username": "ada", "password": "wrong horse" })).await;
    let unknown = post(&server, "/auth/login", json!({ "username": "bob", "password": PASSWORD })).await;
    assert_eq!((wrong.0, code(&wrong.1)), (StatusCode::UNAUTHORIZED, "bad_credentials"));
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn an_account_whose_password_was_wrong_too_often_is_closed_to_that_address_for_a_while() {
    let server = start().await;
    let ada = server.person("ada").await;
    server.person("bob").await;
    let login = |name: &str, password: &str| json!({ "username": name, "password": password });
    for _ in 0..10 {
        let (status, _) = post(&server, "/auth/login", login("ada", "wrong horse")).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let url = format!("http://{}/auth/login", server.address);
    let refused = reqwest::Client::new().post(url).json(&login("Ada", PASSWORD)).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait_s: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=600).contains(&wait_s), "{wait_s}");
    assert_eq!(code(&refused.json().await.unwrap()), "rate_limited");
    server.device("bob").await;
    let refresh = json!({ "refresh_token": ada.session.refresh_token });
    assert_eq!(post(&server, "/auth/refresh", refresh).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_is_spent_by_its_use() {
    let server = start().await;
    let ada = server.person("ada").await;
    let old = json!({ "refresh_token": ada.session.refresh_token });
    let (status, renewed) = post(&server, "/auth/refresh", old.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let renewed = server.signed_in(renewed);
    assert_eq!(renewed.session.device_id, ada.session.device_id);
    assert_eq!(renewed.try_get("/users/me").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated() {
    let server = start().await;
    let ada = server.person("ada").await;
    let old = json!({ "refresh_token": ada.session.refresh_token });
    let (_, lost) = post(&server, "/auth/refresh", old.clone()).await;
    let (status, renewed) = post(&server, "/auth/refresh", old).await;
    assert_eq!(status, StatusCode::OK, "{renewed}");
    assert_ne!(renewed["refresh_token"], lost["refresh_token"]);
    let next = json!({ "refresh_token": renewed["refresh_token"] });
    assert_eq!(post(&server, "/auth/refresh", next).await.0, StatusCode::OK);
    assert_eq!(ada.try_get("/users/me").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_spent_refresh_token_is_a_copy_as_soon_as_the_answer_to_its_exchange_is_used() {
    let server = start().await;
    let ada = server.person("ada").await;
    let old = json!({ "refresh_token": ada.session.refresh_token });
    let (_, renewed) = post(&server, "/auth/refresh", old.clone()).await;
    let renewed = server.signed_in(renewed);
    assert_eq!(renewed.try_get("/users/me").await.0, StatusCode::OK);
    let (status, body) = post(&server, "/auth/refresh", old).await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "refresh_reused"));
    assert_eq!(renewed.try_get("/users/me").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_with_the_network_can_be_repeated_an_hour_later() {
    let server = start().await;
    let ada = server.person("ada").await;
    let old = json!({ "refresh_token": ada.session.refresh_token });
    post(&server, "/auth/refresh", old.clone()).await;
    let mut database =
        SqliteConnectOptions::new().filename(server.dir().join("eyeline.sqlite")).connect().await.unwrap();
    sqlx::query("UPDATE refresh_tokens SET spent_at = spent_at - 3600000")
        .execute(&mut database)
        .await
        .unwrap();
    let (status, renewed) = post(&server, "/auth/refresh", old.clone()).await;
    assert_eq!(status, StatusCode::OK, "{renewed}");
    // The answer came this time: whoever has the old token now has a copy.
    let next = json!({ "refresh_token": renewed["refresh_token"] });
    assert_eq!(post(&server, "/auth/refresh", next).await.0, StatusCode::OK);
    let (status, body) = post(&server, "/auth/refresh", old).await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "refresh_reused"));
}

#[tokio::test]
async fn a_reused_refresh_token_signs_its_device_out() {
    let server = start().await;
    let ada = server.person("ada").await;
    let bystander = server.device("ada").await;
    let mut events = ada.events().await;
    let old = json!({ "refresh_token": ada.session.refresh_token });
    let (_, renewed) = post(&server, "/auth/refresh", old.clone()).await;
    let used = json!({ "refresh_token": renewed["refresh_token"] });
    let (_, renewed) = post(&server, "/auth/refresh", used).await;
    let renewed = server.signed_in(renewed);

    let (status, body) = post(&server, "/auth/refresh", old).await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "refresh_reused"));
    assert_eq!(events.close_code().await, 4401);
    let newest = json!({ "refresh_token": renewed.session.refresh_token });
    let (status, body) = post(&server, "/auth/refresh", newest).await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "bad_refresh_token"));
    let (status, body) = renewed.try_get("/users/me").await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "signed_out"));
    assert_eq!(bystander.try_get("/users/me").await.0, StatusCode::OK);
}

#[tokio::test]
async fn logout_ends_one_device_at_once() {
    let server = start().await;
    let ada = server.person("ada").await;
    let other = server.device("ada").await;
    let mut events = ada.events().await;
    let token = json!({ "refresh_token": ada.session.refresh_token });
    for _ in 0..2 {
        assert_eq!(post(&server, "/auth/logout", token.clone()).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(events.close_code().await, 4401);
    assert_eq!(ada.try_get("/users/me").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(other.try_get("/users/me").await.0, StatusCode::OK);
}

#[tokio::test]
async fn people_are_found_by_part_of_either_name() {
    let server = start().await;
    let ada = server.person("ada").await;
    server.person("bob").await;
    let body = json!({ "username": "carol", "password": PASSWORD, "display_name": "Bobbie 100%" });
    post(&server, "/auth/register", body).await;
    let names = async |query: &str| {
        let found: Vec<User> = ada.get(&format!("/users?query={query}")).await;
        assert!(found.iter().all(|user| user.presence == Presence::Offline));
        found.into_iter().map(|user| user.username).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["bob", "carol"]);
    assert_eq!(names("BOB").await, ["bob", "carol"]);
    assert_eq!(names("100%25").await, ["carol"]);
    assert_eq!(names("%25b").await, [""; 0]);
    assert_eq!(names("ada").await, [""; 0]);
    let everybody: Vec<User> = ada.get("/users").await;
    assert_eq!(everybody.len(), 2);
}
