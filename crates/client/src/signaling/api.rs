//! REST: one request, one answer. The session's tokens are renewed here and nowhere else.
use super::{ServerAddress, SignalingError};
use eyeline_protocol::{
    CallId, UserId,
    rest::{Call, End, EndReason, IceServers, Initiate, Login, Refresh, Register, Session, User},
};
use reqwest::{Method, RequestBuilder};
use serde::{Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, OnceCell, watch},
    task::spawn_blocking,
};

/// Longest wait for an answer. A password hash on a small server takes well under a second.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The server's REST interface, for one signed-in device. Cheap to clone; all clones share one session.
#[derive(Clone)]
pub struct Api {
    /// Another after every change of the network: connections that are kept would be waited for in vain. Made when it is
    /// first used.
    http: Arc<watch::Sender<Arc<OnceCell<reqwest::Client>>>>,
    server: ServerAddress,
    session: Arc<watch::Sender<Session>>,
    /// Held while tokens are renewed: two renewals at once would spend one refresh token twice, which the server takes
    /// for theft.
    renewal: Arc<Mutex<()>>,
}

impl Api {
    /// Signs in.
    ///
    /// # Errors
    /// [`SignalingError`]; wrong credentials are `Refused` with code `bad_credentials`.
    pub async fn sign_in(server: ServerAddress, body: &Login) -> Result<Self, SignalingError> {
        Self::begin(server, "/auth/login", body).await
    }

    /// Creates an account and signs in.
    ///
    /// # Errors
    /// [`SignalingError`]; a taken name is `Refused` with code `username_taken`.
    pub async fn register(server: ServerAddress, body: &Register) -> Result<Self, SignalingError> {
        Self::begin(server, "/auth/register", body).await
    }

    /// Takes up a remembered session.
    ///
    /// # Errors
    /// [`SignalingError::SignedOut`] where the refresh token holds no more.
    pub async fn resume(server: ServerAddress, refresh_token: String) -> Result<Self, SignalingError> {
        match Self::begin(server, "/auth/refresh", &Refresh { refresh_token }).await {
            Err(SignalingError::Refused { status: 401, .. }) => Err(SignalingError::SignedOut),
            other => other,
        }
    }

    async fn begin(server: ServerAddress, path: &str, body: &impl Serialize) -> Result<Self, SignalingError> {
        let http = client().await?;
        let session: Session = answer(http.post(server.http(path)).json(body)).await?;
        let session = Arc::new(watch::Sender::new(session));
        let http = Arc::new(watch::Sender::new(Arc::new(OnceCell::new_with(Some(http)))));
        Ok(Self { http, server, session, renewal: Arc::default() })
    }

    /// The network is another: requests from now on use no connection of before.
    pub fn reconnect(&self) {
        self.http.send_replace(Arc::default());
    }

    async fn http(&self) -> Result<reqwest::Client, SignalingError> {
        let http = Arc::clone(&self.http.borrow());
        http.get_or_try_init(client).await.cloned()
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &ServerAddress {
        &self.server
    }

    /// The session as it is, and as it becomes when its tokens are renewed.
    #[must_use]
    pub fn session(&self) -> watch::Receiver<Session> {
        self.session.subscribe()
    }

    /// The access token as it is.
    #[must_use]
    pub fn access_token(&self) -> String {
        self.session.borrow().access_token.clone()
    }

    /// Exchanges the refresh token for a new session, unless `stale` has been replaced meanwhile, and gives the access
    /// token of now. Once begun it goes on though this future is dropped: a token that is spent and whose successor is
    /// lost signs the device out.
    ///
    /// # Errors
    /// [`SignalingError::SignedOut`] where the server does not take it.
    pub async fn renew(&self, stale: &str) -> Result<String, SignalingError> {
        let (api, stale) = (self.clone(), stale.to_owned());
        match tokio::spawn(async move { api.exchange(&stale).await }).await {
            Ok(outcome) => outcome,
            Err(error) => Err(SignalingError::Unreachable(error.to_string())),
        }
    }

    async fn exchange(&self, stale: &str) -> Result<String, SignalingError> {
        let _one_at_a_time = self.renewal.lock().await;
        let refresh_token = {
            let session = self.session.borrow();
            if session.access_token != stale {
                return Ok(session.access_token.clone());
            }
            session.refresh_token.clone()
        };
        let request =
            self.http().await?.post(self.server.http("/auth/refresh")).json(&Refresh { refresh_token });
        match answer::<Session>(request).await {
            Ok(session) => {
                let fresh = session.access_token.clone();
                self.session.send_replace(session);
                Ok(fresh)
            }
            Err(SignalingError::Refused { status: 401, .. }) => Err(SignalingError::SignedOut),
            Err(other) => Err(other),
        }
    }

    /// Ends the session at the server.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn sign_out(&self) -> Result<(), SignalingError> {
        let refresh_token = self.session.borrow().refresh_token.clone();
        let request =
            self.http().await?.post(self.server.http("/auth/logout")).json(&Refresh { refresh_token });
        send(request).await.map(drop)
    }

    /// People whose name contains `query`; everybody for the empty text.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn users(&self, query: &str) -> Result<Vec<User>, SignalingError> {
        self.ask(Method::GET, "/users", |r| r.query(&[("query", query)])).await
    }

    /// Places a call.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn initiate(&self, callee: UserId) -> Result<Call, SignalingError> {
        let body = Initiate { callee_id: Some(callee), callee: None };
        self.ask(Method::POST, "/calls/initiate", |r| r.json(&body)).await
    }

    /// Takes a call.
    ///
    /// # Errors
    /// [`SignalingError`]; the loser of a race is `Refused` with status 409.
    pub async fn accept(&self, call: CallId) -> Result<Call, SignalingError> {
        self.ask(Method::POST, &format!("/calls/accept/{call}"), |r| r).await
    }

    /// Refuses a call.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn decline(&self, call: CallId) -> Result<Call, SignalingError> {
        self.ask(Method::POST, &format!("/calls/decline/{call}"), |r| r).await
    }

    /// Stops calling.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn cancel(&self, call: CallId) -> Result<Call, SignalingError> {
        self.ask(Method::POST, &format!("/calls/cancel/{call}"), |r| r).await
    }

    /// Ends a call.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn end(&self, call: CallId, reason: EndReason) -> Result<Call, SignalingError> {
        let body = End { reason: Some(reason) };
        self.ask(Method::POST, &format!("/calls/end/{call}"), |r| r.json(&body)).await
    }

    /// A call as it now is.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn call(&self, call: CallId) -> Result<Call, SignalingError> {
        self.ask(Method::GET, &format!("/calls/{call}"), |r| r).await
    }

    /// STUN and TURN servers.
    ///
    /// # Errors
    /// [`SignalingError`].
    pub async fn ice_servers(&self) -> Result<IceServers, SignalingError> {
        self.ask(Method::GET, "/ice-servers", |r| r).await
    }

    /// One authenticated request; once more with fresh tokens where the server finds the old ones stale.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<T, SignalingError> {
        let attempt = async |token: &str| {
            let request = self.http().await?.request(method.clone(), self.server.http(path));
            answer(with(request.bearer_auth(token))).await
        };
        let token = self.access_token();
        match attempt(&token).await {
            Err(SignalingError::Refused { status: 401, .. }) => attempt(&self.renew(&token).await?).await,
            other => other,
        }
    }
}

/// Reads the system's certificate authorities, which takes some 20 ms (measured).
async fn client() -> Result<reqwest::Client, SignalingError> {
    let build = || {
        reqwest::Client::builder()
            .timeout(ANSWER_LIMIT)
            .connect_timeout(CONNECT_LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| SignalingError::Unreachable(words(&e)))
    };
    spawn_blocking(build).await.unwrap_or_else(|e| Err(SignalingError::Unreachable(e.to_string())))
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, SignalingError> {
    let bytes = send(request).await?;
    serde_json::from_slice(&bytes).map_err(|e| SignalingError::NotAServer(e.to_string()))
}

async fn send(request: RequestBuilder) -> Result<bytes::Bytes, SignalingError> {
    let response = request.send().await.map_err(|e| SignalingError::Unreachable(words(&e)))?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(|e| SignalingError::Unreachable(words(&e)))?;
    if status.is_success() {
        return Ok(bytes);
    }
    Err(SignalingError::of_answer(status, &bytes))
}

/// The innermost cause is the one that tells a person something.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use crate::signaling::fake::FakeServer;

    #[tokio::test]
    async fn the_first_who_asks_after_a_change_of_the_network_makes_the_connections_and_nobody_before() {
        let server = FakeServer::start().await;
        let api = server.api("token").await;
        api.reconnect();
        assert!(!api.http.borrow().initialized(), "the actor is held up");
        let serve = async { server.request().await.answer("200 OK", r#"{"ice_servers": []}"#).await };
        let (list, ()) = tokio::join!(api.ice_servers(), serve);
        assert_eq!(list.expect("a list").ice_servers, []);
    }
}
