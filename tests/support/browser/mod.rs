//! A browser nobody here wrote, and in it a page that knows only the written protocol.
mod site;

use crate::webdriver::{Driver, Window};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest wait for a goal: a call that connects slowly, then ten seconds of it.
const GOAL_LIMIT: Duration = Duration::from_secs(60);

/// Nothing that reaches out, no graphics processor, sound without a gesture. Everything else as in a new installation;
/// so local addresses are hidden behind names of multicast DNS, as they are for everybody.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
];

/// Starts browsers, each with a profile of its own.
pub struct Browser {
    driver: Driver,
    address: String,
    arguments: Vec<&'static str>,
}

/// One person at one page.
pub struct Page {
    window: Window,
}

impl Browser {
    /// Starts the driver and serves the page.
    pub fn start() -> Self {
        Self {
            driver: Driver::chromium(),
            address: format!("http://{}/", site::serve()),
            arguments: ARGUMENTS.to_vec(),
        }
    }

    /// With a further argument on its command line.
    #[must_use]
    pub fn with(mut self, argument: &'static str) -> Self {
        self.arguments.push(argument);
        self
    }

    /// The driver's process, whose descendants the browsers are.
    pub fn pid(&self) -> u32 {
        self.driver.pid()
    }

    /// A page with a new account on `server`.
    pub fn signed_in(&self, server: &str, username: &str) -> Page {
        let options = json!({ "args": self.arguments });
        let window = self.driver.open(&json!({ "browserName": "chrome", "goog:chromeOptions": options }));
        window.go(&self.address);
        window.run("await peer.signIn(...arguments)", &[server.into(), username.into()]);
        Page { window }
    }
}

impl Page {
    /// Measures the next call instead of looking and listening closely; the page's own picture is so large.
    pub fn measure(&self, width: u32, height: u32) {
        self.window.run("peer.measure(...arguments)", &[width.into(), height.into()]);
    }

    /// What was measured, in the members of the instrument's summary; `seconds` are the lines of its statistics. Null
    /// where there was no call.
    pub fn measured(&self) -> Value {
        self.window.run("return peer.meter?.summary(peer.marks) ?? null", &[])
    }

    /// Waits until so many seconds of a call are measured.
    pub fn until_second(&self, seconds: u32) {
        self.window.run("await peer.meter.until(...arguments)", &[seconds.into()]);
    }

    /// In the next call says what is in a WAV file instead of beeping, and records what the other side says.
    pub fn speak(&self, wav: &[u8]) {
        let url = format!("data:audio/wav;base64,{}", BASE64_STANDARD.encode(wav));
        self.window.run("await peer.speak(...arguments)", &[url.into()]);
    }

    /// What the other side said, as a WAV file; `None` where nothing came.
    pub fn heard(&self) -> Option<Vec<u8>> {
        let said = self.window.run("return await peer.heard()", &[]);
        let (_, wav) = said.as_str()?.split_once(',')?;
        Some(BASE64_STANDARD.decode(wav).expect("the page writes base64"))
    }

    /// Calls somebody, and returns when the offer is made.
    pub fn call(&self, callee: &str, codec: Option<&str>) {
        self.window.run("await peer.call(...arguments)", &[callee.into(), codec.into()]);
    }

    /// Calls somebody, and does not wait for them.
    pub fn call_in_the_background(&self, callee: &str) {
        self.window
            .run("peer.call(...arguments).catch((e) => peer.errors.push(String(e)))", &[callee.into()]);
    }

    /// Accepts the next call whenever it comes.
    pub fn answer_in_the_background(&self) {
        self.window.run("peer.answer().catch((e) => peer.errors.push(String(e)))", &[]);
    }

    /// Writes on the data channel.
    pub fn say(&self, words: &str) {
        self.window.run("peer.say(...arguments)", &[words.into()]);
    }

    /// Sends all kinds of nonsense.
    pub fn misbehave(&self) {
        self.window.run("peer.misbehave()", &[]);
    }

    /// Ends the call.
    pub fn hang_up(&self) {
        self.window.run("await peer.hangUp()", &[]);
    }

    /// What has been seen so far.
    pub fn report(&self) -> Value {
        self.window.run("return peer.report()", &[])
    }

    /// Waits until a report fulfils `goal`: numbers at least, lists in part, anything else exactly.
    pub fn until(&self, goal: &Value) -> Value {
        let limit = GOAL_LIMIT.as_millis() as u64;
        self.window.run("return peer.until(...arguments)", &[goal.clone(), limit.into()])
    }

    /// Waits until the server knows of no call of this person.
    pub fn until_no_call(&self) {
        self.window.run("await peer.noCall()", &[]);
    }
}
