//! A browser or a window, driven by WebDriver (W3C): JSON over HTTP to a driver program.
use super::process::Process;
use serde_json::{Value, json};
use std::{process::Command, time::Duration};
use ureq::Agent;

const START_LIMIT: Duration = Duration::from_secs(30);
/// Longest that one step may take: a browser's start on a busy machine, or a script that waits.
const STEP_LIMIT: Duration = Duration::from_secs(120);
/// The member that holds an element's name (W3C WebDriver section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver program. It ends with its owner.
pub struct Driver {
    _process: Process,
    address: String,
}

impl Driver {
    /// Debian's `chromedriver`, on a port that it chooses.
    pub fn chromium() -> Self {
        const SAYS: &str = "started successfully on port ";
        let mut process = Process::start("chromedriver", Command::new("chromedriver").arg("--port=0"));
        let line = process.wait_for_line(START_LIMIT, |line| line.contains(SAYS));
        let port = line.split(SAYS).nth(1).expect("the line contains it").trim_end_matches('.');
        Self { address: format!("http://127.0.0.1:{port}"), _process: process }
    }

    /// Opens a window of what `capabilities` describe.
    pub fn open(&self, capabilities: &Value) -> Window {
        let agent = Agent::config_builder()
            .timeout_global(Some(STEP_LIMIT))
            .http_status_as_error(false)
            .build()
            .new_agent();
        let mut window = Window { agent, session: format!("{}/session", self.address) };
        let session = window.post("", &json!({ "capabilities": { "alwaysMatch": capabilities } }));
        window.session = format!("{}/{}", window.session, session["sessionId"].as_str().expect("a session has a name"));
        let script_ms = STEP_LIMIT.as_millis() as u64;
        window.post("/timeouts", &json!({ "script": script_ms }));
        window
    }
}

/// A window with a page in it. It closes with its owner.
pub struct Window {
    agent: Agent,
    session: String,
}

impl Window {
    /// Loads a page.
    pub fn go(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// Runs the body of an `async` function with `arguments`, and waits for what it returns.
    ///
    /// # Panics
    /// Where it throws.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let script = format!("return (async function () {{ {script} }}).apply(null, arguments)");
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let mut answer = self.agent.post(&url).send_json(body).unwrap_or_else(|e| panic!("{url}: {e}"));
        let said: Value = answer.body_mut().read_json().unwrap_or_else(|e| panic!("{url}: {e}"));
        assert!(answer.status().is_success(), "{path} {body}: {}", said["value"]["message"].as_str().unwrap_or("?"));
        said["value"].clone()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind; one that is asked does not.
        let _ = self.agent.delete(&self.session).call();
    }
}
