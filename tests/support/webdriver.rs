//! A browser or a window, driven by WebDriver (W3C): JSON over HTTP to a driver program.
use super::{process::Process, until};
use serde_json::{Value, json};
use std::{
    net::{TcpListener, TcpStream},
    process::Command,
    time::Duration,
};
use ureq::Agent;

const START_LIMIT: Duration = Duration::from_secs(30);
/// Longest that one step may take: a browser's start on a busy machine, or a script that waits.
const STEP_LIMIT: Duration = Duration::from_secs(120);
/// Longest wait for an element to appear.
const ELEMENT_LIMIT: Duration = Duration::from_secs(30);
/// The member that holds an element's name (W3C WebDriver section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver program. It ends with its owner, and its helpers with it.
pub struct Driver {
    process: Option<Process>,
    address: String,
}

impl Driver {
    /// Debian's `chromedriver`, on a port that it chooses.
    pub fn chromium() -> Self {
        const SAYS: &str = "started successfully on port ";
        let mut process = Process::start("chromedriver", Command::new("chromedriver").arg("--port=0"));
        let line = process.wait_for_line(START_LIMIT, |line| line.contains(SAYS));
        let port = line.split(SAYS).nth(1).expect("the line contains it").trim_end_matches('.');
        Self { address: format!("http://127.0.0.1:{port}"), process: Some(process) }
    }

    /// `tauri-driver` before Debian's `WebKitWebDriver`, in the environment that `prepare` makes for the window.
    pub fn tauri(prepare: impl FnOnce(&mut Command)) -> Self {
        let ports = free_ports();
        let mut command =
            Command::new(std::env::var_os("EYELINE_TAURI_DRIVER").unwrap_or_else(|| "tauri-driver".into()));
        command.args(["--port", &ports[0].to_string(), "--native-port", &ports[1].to_string()]);
        prepare(&mut command);
        let process = Process::start("tauri-driver", &mut command);
        let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
        until("tauri-driver", START_LIMIT, || ports.iter().all(listens));
        Self { address: format!("http://127.0.0.1:{}", ports[0]), process: Some(process) }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().map_or(0, Process::pid)
    }

    /// Opens a window of what `capabilities` describe.
    pub fn open(&self, capabilities: &Value) -> Window {
        let config = Agent::config_builder().timeout_global(Some(STEP_LIMIT)).http_status_as_error(false);
        let mut window =
            Window { agent: config.build().new_agent(), session: format!("{}/session", self.address) };
        let session = window.post("", &json!({ "capabilities": { "alwaysMatch": capabilities } }));
        window.session =
            format!("{}/{}", window.session, session["sessionId"].as_str().expect("a session has a name"));
        window.post("/timeouts", &json!({ "script": STEP_LIMIT.as_millis() as u64 }));
        window
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked, it takes its native driver along; killed, it would not.
        if let Some(process) = self.process.take() {
            process.stop();
        }
    }
}

/// Two ports that nobody listens on.
fn free_ports() -> [u16; 2] {
    let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    taken.map(|listener| listener.local_addr().expect("a bound socket has an address").port())
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
        let script = format!(
            "const done = arguments[arguments.length - 1]; const run = async function () {{ {script} }};
             run.apply(null, Array.from(arguments).slice(0, -1))
                .then((value) => done({{ value: value ?? null }}), (error) => done({{ error: String(error) }}));"
        );
        let said = self.post("/execute/async", &json!({ "script": script, "args": arguments }));
        assert!(said["error"].is_null(), "{}", said["error"]);
        said["value"].clone()
    }

    /// Waits until an element is there.
    ///
    /// # Panics
    /// Where it does not come, with what the page says instead.
    pub fn wait_for(&self, css: &str) {
        const SCRIPT: &str = "
            const [css, limit_ms] = arguments, deadline = Date.now() + limit_ms;
            while (!document.querySelector(css)) {
                if (Date.now() > deadline) throw new Error(`no ${css}; there is: ${document.body.innerText}`);
                await new Promise((resolve) => setTimeout(resolve, 50));
            }";
        self.run(SCRIPT, &[css.into(), (ELEMENT_LIMIT.as_millis() as u64).into()]);
    }

    /// Clicks an element as a pointer does: it must be visible and nothing over it.
    pub fn click(&self, css: &str) {
        self.post(&format!("{}/click", self.element(css)), &json!({}));
    }

    /// Types text into a field in place of what was there.
    pub fn write(&self, css: &str, text: &str) {
        let field = self.element(css);
        self.post(&format!("{field}/clear"), &json!({}));
        self.post(&format!("{field}/value"), &json!({ "text": text }));
    }

    fn element(&self, css: &str) -> String {
        let found = self.post("/element", &json!({ "using": "css selector", "value": css }));
        format!("/element/{}", found[ELEMENT].as_str().expect("an element has a name"))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let mut answer = self.agent.post(&url).send_json(body).unwrap_or_else(|e| panic!("{url}: {e}"));
        let said: Value = answer.body_mut().read_json().unwrap_or_else(|e| panic!("{url}: {e}"));
        assert!(
            answer.status().is_success(),
            "{path} {body}: {}",
            said["value"]["message"].as_str().unwrap_or("?")
        );
        said["value"].clone()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind; one that is asked does not.
        let _ = self.agent.delete(&self.session).call();
    }
}
