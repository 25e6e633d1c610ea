//! What every request may meet: every refusal is JSON of one shape.
use crate::support::{code, start, start_with};
use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};

#[tokio::test]
async fn health_needs_no_token() {
    let server = start().await;
    let (status, body) = server.request(Method::GET, "/healthz", None, None).await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "status": "ok" })));
}

#[tokio::test]
async fn everything_else_needs_a_valid_token() {
    let server = start().await;
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let paths = [
        (Method::GET, "/users/me".to_owned()),
        (Method::GET, "/users".into()),
        (Method::POST, "/calls/initiate".into()),
        (Method::POST, format!("/calls/accept/{id}")),
        (Method::POST, format!("/calls/decline/{id}")),
        (Method::POST, format!("/calls/cancel/{id}")),
        (Method::POST, format!("/calls/end/{id}")),
        (Method::GET, "/calls/active".into()),
        (Method::GET, "/calls/history".into()),
        (Method::GET, format!("/calls/{id}")),
        (Method::GET, "/ice-servers".into()),
        (Method::GET, "/ws/events".into()),
        (Method::GET, format!("/ws/webrtc/{id}")),
        (Method::GET, format!("/ws/webrtc/connection-state/{id}")),
        (Method::GET, "/ws/webrtc/active-connections".into()),
    ];
    for (method, path) in paths {
        for (token, expected) in [(None, "no_token"), (Some("a.b.c"), "bad_token")] {
            let (status, body) = server.request(method.clone(), &path, token, None).await;
            assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, expected), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_expired_token_is_told_from_a_bad_one() {
    let server = start_with(|config| config.access_token_ttl = std::time::Duration::ZERO).await;
    let ada = server.person("ada").await;
    let (status, body) = ada.try_get("/users/me").await;
    assert_eq!((status, code(&body)), (StatusCode::UNAUTHORIZED, "token_expired"));
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_in_json() {
    let server = start().await;
    let (status, body) = server.request(Method::GET, "/nowhere", None, None).await;
    assert_eq!((status, code(&body)), (StatusCode::NOT_FOUND, "not_found"));
    let (status, body) = server.request(Method::DELETE, "/auth/login", None, None).await;
    assert_eq!((status, code(&body)), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_in_json() {
    let server = start().await;
    let url = format!("http://{}/auth/login", server.address);
    let long = format!("{{\"username\":\"{}\"}}", "x".repeat(17 * 1024));
    let cases = [
        ("application/json", "{", StatusCode::BAD_REQUEST, "bad_request"),
        ("application/json", "{}", StatusCode::UNPROCESSABLE_ENTITY, "invalid_body"),
        ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        ("application/json", long.as_str(), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    ];
    for (kind, body, status, expected) in cases {
        let request = Client::new().post(&url).header(header::CONTENT_TYPE, kind).body(body.to_owned());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(code(&response.json::<Value>().await.unwrap()), expected);
    }
}

#[tokio::test]
async fn paths_and_queries_that_do_not_fit_are_refused_in_json() {
    let server = start().await;
    let ada = server.person("ada").await;
    let (status, body) = ada.try_get("/calls/not-a-uuid").await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "invalid_call_id"));
    let (status, body) = ada.try_get("/calls/history?limit=many").await;
    assert_eq!((status, code(&body)), (StatusCode::BAD_REQUEST, "invalid_query"));
    let (status, body) = ada.try_get("/ws/events").await;
    assert_eq!((status, code(&body)), (StatusCode::UPGRADE_REQUIRED, "upgrade_required"));
}

#[tokio::test]
async fn a_page_from_another_origin_may_call() {
    let server = start().await;
    let request = Client::new()
        .request(Method::OPTIONS, format!("http://{}/calls/initiate", server.address))
        .header(header::ORIGIN, "http://elsewhere.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "authorization,content-type");
}

#[tokio::test]
async fn one_address_may_not_try_passwords_without_end() {
    let server = start_with(|config| config.auth_per_minute = 3).await;
    let body = json!({ "username": "ada", "password": "wrong password" });
    for _ in 0..3 {
        let (status, _) = server.request(Method::POST, "/auth/login", None, Some(body.clone())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let (status, body) = server.request(Method::POST, "/auth/login", None, Some(body)).await;
    assert_eq!((status, code(&body)), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
}

#[tokio::test]
async fn whoever_tries_passwords_keeps_nobody_behind_the_same_address_from_staying_signed_in() {
    let server = start_with(|config| config.auth_per_minute = 3).await;
    let ada = server.person("ada").await;
    let mut status = StatusCode::UNAUTHORIZED;
    for _ in 0..3 {
        let body = json!({ "username": "bob", "password": "wrong password" });
        (status, _) = server.request(Method::POST, "/auth/login", None, Some(body)).await;
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let body = json!({ "refresh_token": ada.session.refresh_token });
    let (status, session) = server.request(Method::POST, "/auth/refresh", None, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    let body = json!({ "refresh_token": session["refresh_token"] });
    let (status, _) = server.request(Method::POST, "/auth/logout", None, Some(body)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn clients_are_given_the_stun_servers_of_the_contract() {
    let server = start().await;
    let ada = server.person("ada").await;
    let (status, body) = ada.try_get("/ice-servers").await;
    assert_eq!(status, StatusCode::OK);
    let urls: Vec<_> = ["", "1", "2", "3", "4"].map(|n| format!("stun:stun{n}.l.google.com:19302")).into();
    assert_eq!(body, json!({ "ice_servers": [{ "urls": urls }] }));
}
