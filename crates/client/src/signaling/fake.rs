//! A server that says what a test has it say, one connection after the other.
use super::{Api, ServerAddress};
use eyeline_protocol::{
    DeviceId, UserId,
    rest::{Presence, Session, User},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::derive_accept_key, protocol::Role},
};

/// Nothing in a test takes this long unless it never comes.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct FakeServer(TcpListener);

/// A request that awaits its answer.
pub struct Request {
    stream: TcpStream,
    head: String,
}

impl FakeServer {
    pub async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a port"))
    }

    pub fn address(&self) -> ServerAddress {
        let address = self.0.local_addr().expect("bound");
        ServerAddress::parse(&address.to_string()).expect("an address")
    }

    /// Signed in, with tokens of this name.
    pub async fn api(&self, name: &str) -> Api {
        let resumed = Api::resume(self.address(), "remembered".into());
        let (api, ()) = tokio::join!(resumed, async { self.request().await.grant(name).await });
        api.expect("a session")
    }

    /// The next request.
    pub async fn request(&self) -> Request {
        let next = async {
            loop {
                let (stream, _) = self.0.accept().await.expect("a connection");
                // Of several attempts to connect all but one are given up.
                if let Some(request) = Request::read(stream).await {
                    return request;
                }
            }
        };
        timeout(DEADLINE, next).await.expect("a request in time")
    }
}

impl Request {
    async fn read(mut stream: TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && body.len() >= field(head, "content-length").map_or(0, |n| n.parse().expect("a number"))
            {
                let head = head.to_owned();
                return Some(Self { stream, head });
            }
        }
        None
    }

    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).expect("a path")
    }

    pub fn bearer(&self) -> Option<&str> {
        field(&self.head, "authorization")?.strip_prefix("Bearer ")
    }

    /// Answers in full: `head` is the status line's rest, and header fields.
    pub async fn answer(mut self, head: &str, body: &str) {
        let length = body.len();
        let text = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        self.stream.write_all(text.as_bytes()).await.expect("written");
    }

    /// Answers with a head whose body is still on its way; the connection is open until the return is dropped.
    pub async fn begin_answer(mut self, head: &str) -> TcpStream {
        let text = format!("HTTP/1.1 {head}\r\ncontent-length: 64\r\n\r\n");
        self.stream.write_all(text.as_bytes()).await.expect("written");
        self.stream
    }

    /// Answers with a session, its tokens named so.
    pub async fn grant(self, name: &str) {
        let session = Session {
            access_token: name.into(),
            token_type: "bearer".into(),
            expires_in_s: 900,
            refresh_token: format!("{name} refresh"),
            user: User {
                id: UserId::new(),
                username: "ada".into(),
                display_name: "Ada".into(),
                presence: Presence::Online,
            },
            device_id: DeviceId::new(),
        };
        let body = serde_json::to_string(&session).expect("JSON");
        self.answer("200 OK\r\ncontent-type: application/json", &body).await;
    }

    /// Opens the WebSocket that is asked for.
    pub async fn upgrade(mut self) -> WebSocketStream<TcpStream> {
        let accept = derive_accept_key(field(&self.head, "sec-websocket-key").expect("a key").as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes()).await.expect("written");
        WebSocketStream::from_raw_socket(self.stream, Role::Server, None).await
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.split_once(": ").filter(|(field, _)| field.eq_ignore_ascii_case(name));
    head.lines().find_map(named).map(|(_, value)| value)
}
