//! The server's REST interface, as anybody may use it.
use super::until;
use serde_json::{Value, json};
use std::time::Duration;
use ureq::Agent;

const LIMIT: Duration = Duration::from_secs(30);

/// A client without an opinion.
pub struct Rest {
    agent: Agent,
    address: String,
}

impl Rest {
    /// To a server's base address.
    pub fn to(address: &str) -> Self {
        // Each request has a connection of its own: a server closes one on which it has refused before the body was there,
        // and whoever uses it once more meanwhile is disconnected.
        let config = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0);
        Self { agent: config.build().new_agent(), address: address.to_owned() }
    }

    /// Creates an account with the instruments' password.
    pub fn register(&self, username: &str) {
        let body = json!({ "username": username, "password": "a password" }).to_string();
        let (status, said) = self.post_text("/auth/register", "", &body);
        assert_eq!(status, 201, "{said}");
    }

    /// A new access token.
    pub fn log_in(&self, username: &str) -> String {
        let body = json!({ "username": username, "password": "a password" }).to_string();
        let (_, said) = self.post_text("/auth/login", "", &body);
        said["access_token"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    /// Asks.
    pub fn get(&self, path: &str, token: &str) -> Value {
        let request = self.agent.get(format!("{}{path}", self.address));
        let answer = request.header("authorization", format!("Bearer {token}")).call();
        let mut answer = answer.unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_json().unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Asks until the answer is as wanted.
    pub fn until(&self, path: &str, token: &str, wanted: impl Fn(&Value) -> bool) {
        until(path, LIMIT, || wanted(&self.get(path, token)));
    }

    /// Posts any text as if it were JSON; gives the status, and the answer where it is JSON.
    pub fn post_text(&self, path: &str, token: &str, body: &str) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.address)).content_type("application/json");
        let answer = request.header("authorization", format!("Bearer {token}")).send(body);
        let mut answer = answer.unwrap_or_else(|e| panic!("{path}: {e}"));
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap_or_default())
    }
}
