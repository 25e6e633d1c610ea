//! A running server and people who talk to it.
use eyeline_protocol::{
    CallId,
    event::Event,
    rest::{Call, EndReason, Register, Session},
    signal::Signal,
};
use eyeline_server::{Config, Server};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{future::Future, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

/// Nothing here takes this long unless it never comes.
pub const DEADLINE: Duration = Duration::from_secs(20);
pub const PASSWORD: &str = "correct horse";

pub struct Running {
    pub address: String,
    http: Client,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    dir: TempDir,
}

pub async fn start() -> Running {
    start_with(|_| {}).await
}

pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Running {
    start_in(TempDir::new().unwrap(), adjust).await
}

pub async fn start_in(dir: TempDir, adjust: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: Some(dir.path().to_owned()),
        auth_per_minute: 1000,
        ..Config::default()
    };
    adjust(&mut config);
    let server = Server::bind(config).await.unwrap();
    let address = server.local_addr.to_string();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let stopped = async {
            // A dropped sender stops the server as well.
            let _ = stopped.await;
        };
        server.run(stopped).await.unwrap();
    });
    Running { address, http: Client::new(), stop, task, dir }
}

impl Running {
    pub async fn person(&self, username: &str) -> Person {
        let (status, session) = self
            .request(
                Method::POST,
                "/auth/register",
                None,
                Some(json!(Register {
                    username: username.into(),
                    password: PASSWORD.into(),
                    display_name: None,
                    device_name: None
                })),
            )
            .await;
        assert_eq!(status, StatusCode::CREATED, "{session}");
        self.signed_in(session)
    }

    /// The same person on one more device.
    pub async fn device(&self, username: &str) -> Person {
        let body = json!({ "username": username, "password": PASSWORD });
        let (status, session) = self.request(Method::POST, "/auth/login", None, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        self.signed_in(session)
    }

    pub fn signed_in(&self, session: Value) -> Person {
        Person {
            address: self.address.clone(),
            http: self.http.clone(),
            session: serde_json::from_value(session).unwrap(),
        }
    }

    pub async fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        request(&self.http, &self.address, method, path, token, body).await
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Asks the server to go down and waits until it has.
    pub async fn stop(self) -> TempDir {
        drop(self.stop);
        within(self.task).await.unwrap();
        self.dir
    }
}

#[derive(Clone)]
pub struct Person {
    address: String,
    http: Client,
    pub session: Session,
}

impl Person {
    pub async fn try_post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let token = Some(self.session.access_token.as_str());
        request(&self.http, &self.address, Method::POST, path, token, Some(body)).await
    }

    pub async fn try_get(&self, path: &str) -> (StatusCode, Value) {
        let token = Some(self.session.access_token.as_str());
        request(&self.http, &self.address, Method::GET, path, token, None).await
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let (status, body) = self.try_get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_value(body).unwrap()
    }

    /// Posts without a body what must succeed.
    pub async fn act(&self, action: &str, call: CallId) -> Call {
        let (status, body) = self.try_act(action, call).await;
        assert_eq!(status, StatusCode::OK, "{action}: {body}");
        serde_json::from_value(body).unwrap()
    }

    pub async fn try_act(&self, action: &str, call: CallId) -> (StatusCode, Value) {
        self.try_post(&format!("/calls/{action}/{call}"), json!({})).await
    }

    /// Ends a call for this reason, which must succeed.
    pub async fn end(&self, call: CallId, reason: EndReason) -> Call {
        let (status, body) = self.try_post(&format!("/calls/end/{call}"), json!({ "reason": reason })).await;
        assert_eq!(status, StatusCode::OK, "{reason:?}: {body}");
        serde_json::from_value(body).unwrap()
    }

    /// Places a call that must ring or be busy.
    pub async fn call(&self, callee: &Self) -> Call {
        let (status, body) = self.try_call(callee).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        serde_json::from_value(body).unwrap()
    }

    pub async fn try_call(&self, callee: &Self) -> (StatusCode, Value) {
        self.try_post("/calls/initiate", json!({ "callee_id": callee.session.user.id })).await
    }

    /// An accepted call.
    pub async fn call_and_be_accepted(&self, callee: &Self) -> Call {
        let call = self.call(callee).await;
        callee.act("accept", call.id).await
    }

    pub async fn relay(&self, call: CallId) -> Socket {
        self.open(&format!("/ws/webrtc/{call}")).await
    }

    /// An event socket that has been welcomed.
    pub async fn events(&self) -> Socket {
        let mut socket = self.open("/ws/events").await;
        match socket.event().await {
            Event::Welcome { .. } => socket,
            other => panic!("{other:?}"),
        }
    }

    pub async fn open(&self, path: &str) -> Socket {
        let path = format!("{path}?token={}", self.session.access_token);
        Socket::open(&self.address, &path, &[]).await.unwrap()
    }
}

async fn request(
    http: &Client,
    address: &str,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = http.request(method, format!("http://{address}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = within(request.send()).await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(
        address: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Box<tungstenite::Error>> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        within(connect_async(request)).await.map(|(ws, _)| Self(ws)).map_err(Box::new)
    }

    pub async fn send(&mut self, text: impl Into<String>) {
        within(self.0.send(Message::text(text.into()))).await.unwrap();
    }

    pub async fn send_binary(&mut self) {
        within(self.0.send(Message::binary(vec![0]))).await.unwrap();
    }

    pub async fn signal(&mut self, signal: &Signal) {
        self.send(signal.encode()).await;
    }

    /// The next text frame.
    pub async fn text(&mut self) -> String {
        loop {
            match within(self.0.next()).await.expect("the socket is open").unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} instead of text"),
            }
        }
    }

    pub async fn event(&mut self) -> Event {
        Event::decode(&self.text().await).unwrap()
    }

    /// The next message that is neither of presence.
    pub async fn call_event(&mut self) -> Event {
        loop {
            match self.event().await {
                Event::Presence { .. } => {}
                event => return event,
            }
        }
    }

    /// The state of a call in the next event.
    pub async fn update(&mut self) -> Call {
        match self.call_event().await {
            Event::CallUpdate { call } => call,
            other => panic!("{other:?} instead of an update"),
        }
    }

    pub async fn incoming(&mut self) -> Call {
        match self.call_event().await {
            Event::IncomingCall { call } => call,
            other => panic!("{other:?} instead of an incoming call"),
        }
    }

    /// The next message of a relay that does not tell of the other's coming and going.
    pub async fn relayed(&mut self) -> Signal {
        loop {
            match Signal::decode(&self.text().await).unwrap() {
                Signal::Peer { .. } => {}
                signal => return signal,
            }
        }
    }

    /// Waits until the other member is there.
    pub async fn peer(&mut self, expected: bool) {
        loop {
            match Signal::decode(&self.text().await).unwrap() {
                Signal::Peer { present, .. } if present == expected => return,
                Signal::Peer { .. } => {}
                other => panic!("{other:?} instead of the peer's coming or going"),
            }
        }
    }

    pub async fn refusal(&mut self) -> String {
        match self.relayed().await {
            Signal::Error { code, .. } => code,
            other => panic!("{other:?} instead of an error"),
        }
    }

    /// The code that the server closes the socket with, whatever it says before.
    pub async fn close_code(&mut self) -> u16 {
        within(async {
            loop {
                if let Message::Close(frame) = self.0.next().await.expect("a close frame").unwrap() {
                    return frame.expect("a close code").code.into();
                }
            }
        })
        .await
    }

    pub async fn close(mut self) {
        // The server may have closed it already.
        let _ = within(self.0.close(None)).await;
    }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("in time")
}

/// Asks again and again until the answer is yes.
pub async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < deadline, "it did not come to pass");
        tokio::task::yield_now().await;
    }
}

/// The code of an error body.
pub fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_else(|| panic!("no error code in {body}"))
}
