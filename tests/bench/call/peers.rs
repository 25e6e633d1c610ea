//! Who calls: two instruments, two Chromium pages, or two windows of the desktop program.
use super::{
    case::Case,
    usage::{Cost, Usage},
};
use clap::ValueEnum;
use eyeline_tests::{
    browser::{Browser, Page},
    display::Display,
    lab::Lab,
    process::Process,
    program, until,
};
use serde_json::{Value, json};
use std::{fmt, fs, path::Path, time::Duration};

/// Longest wait for a call to get going, or to end.
const LIMIT: Duration = Duration::from_secs(90);
/// Processor time counts from here on: the call has settled.
const SETTLED_S: u32 = 5;
/// The browser hides its addresses behind multicast names; this network carries no multicast.
const NO_MDNS: &str = "--disable-features=WebRtcHideLocalIpsWithMdns";

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// Two `eyeline-cli`.
    Ours,
    /// Two pages in Debian's Chromium.
    Chromium,
    /// Two windows of the desktop program; only what they cost is known.
    Windows,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "Eyeline",
            Self::Chromium => "Chromium",
            Self::Windows => "Eyeline's windows",
        })
    }
}

/// One call.
pub struct Measured {
    /// The caller's figures and the callee's.
    pub ends: Vec<End>,
    /// Both ends together.
    pub cost: Cost,
}

/// One end of a call.
pub struct End {
    /// The members of the instrument's summary.
    pub summary: Value,
    /// The lines of the instrument's statistics.
    pub seconds: Vec<Value>,
}

impl Peer {
    /// Makes a call on `case` with a test card of that size at both ends.
    pub fn measure(self, lab: &Lab, case: &Case, size: (u32, u32)) -> Measured {
        match self {
            Self::Ours => ours(lab, case, size),
            Self::Chromium => chromium(lab, case, size),
            Self::Windows => windows(lab, case, size),
        }
    }
}

fn card((width, height): (u32, u32)) -> String {
    format!("testcard:{width}x{height}@30")
}

fn restart(lab: &Lab) {
    lab.netlab.restart_schedule().expect("the network runs");
}

fn ours(lab: &Lab, case: &Case, size: (u32, u32)) -> Measured {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = ["caller", "callee"].map(|end| folder.path().join(end));
    let card = card(size);
    let paths = files.each_ref().map(|file| file.display().to_string());
    let [caller, callee] =
        paths.each_ref().map(|stats| ["--camera", card.as_str(), "--mic", "tone", "--stats", stats.as_str()]);
    let length = case.seconds.to_string();
    let (mut calling, mut answering) = lab.call(&[&caller[..], &["--duration", &length]].concat(), &callee);
    restart(lab);
    let pids = vec![calling.process().pid(), answering.process().pid()];
    let seconds = || lines(&files[0]).len() as u32;
    until("the call to settle", LIMIT, || seconds() >= SETTLED_S);
    let usage = Usage::of(pids);
    let all = Duration::from_secs(u64::from(case.seconds)) + LIMIT;
    until("the end of the call", all, || seconds() + 2 >= case.seconds);
    let cost = usage.cost();
    let reports = [calling.finish(LIMIT), answering.finish(LIMIT)];
    let ends = reports.into_iter().zip(&files).map(|(report, file)| {
        if report.status != 0 {
            eprintln!("  ended with status {}: {}", report.status, report.errors.trim());
        }
        End { summary: report.summary, seconds: lines(file) }
    });
    Measured { ends: ends.collect(), cost }
}

/// What an instrument said of each second so far; its last line may be half written.
fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn chromium(lab: &Lab, case: &Case, (width, height): (u32, u32)) -> Measured {
    // Whatever starts a process or opens a socket does so on the page's own host.
    let server = lab.server();
    let open = |host: &str, name: &str| -> (Browser, Page) {
        let opened = lab.netlab.enter(host, || {
            let browser = Browser::start().with(NO_MDNS);
            let page = browser.signed_in(server, name);
            page.measure(width, height);
            (browser, page)
        });
        opened.expect("a host of this network")
    };
    let at = |host: &str, work: &(dyn Fn() -> Value + Sync)| -> Value {
        lab.netlab.enter(host, work).expect("a host of this network")
    };
    let (browser_a, page_a) = open("a", "ada");
    let (browser_b, page_b) = open("b", "grace");
    at("b", &|| {
        page_b.answer_in_the_background();
        Value::Null
    });
    at("a", &|| {
        page_a.call("grace", None);
        page_a.until(&json!({ "state": "connected" }))
    });
    restart(lab);
    at("a", &|| page_a.until(&json!({ "seconds": SETTLED_S })));
    let usage = Usage::of(vec![browser_a.pid(), browser_b.pid()]);
    for seconds in (SETTLED_S..=case.seconds.saturating_sub(1)).step_by(10).chain([case.seconds - 1]) {
        at("a", &|| page_a.until(&json!({ "seconds": seconds })));
    }
    let cost = usage.cost();
    let ends = [("a", &page_a), ("b", &page_b)].map(|(host, page)| {
        let mut summary = at(host, &|| page.measured());
        let seconds = summary["seconds"].take();
        End { summary, seconds: seconds.as_array().cloned().unwrap_or_default() }
    });
    at("a", &|| {
        page_a.hang_up();
        Value::Null
    });
    // Windows and drivers close over sockets of their host.
    for (host, owned) in [("a", (page_a, browser_a)), ("b", (page_b, browser_b))] {
        lab.netlab.enter(host, move || drop(owned)).expect("a host of this network");
    }
    Measured { ends: ends.into(), cost }
}

fn windows(lab: &Lab, case: &Case, size: (u32, u32)) -> Measured {
    let card = card(size);
    let state = tempfile::tempdir().expect("a temporary folder");
    let open = |host: &str, name: &str, words: &[&str]| {
        let display = Display::start(1280, 760);
        let mut command = lab.netlab.command(host, program("eyeline")).expect("a host of this network");
        display.attach(&mut command);
        let home = state.path().join(name);
        fs::create_dir_all(&home).expect("a folder");
        command
            .args(["--server", lab.server(), "--user", name, "--password", "a password", "--register"])
            .args(["--camera", &card, "--mic", "tone", "--speaker", "null", "--size", "1280x760"])
            .args(["--position", "0,0"])
            .args(words)
            .env("EYELINE_DATA_DIR", &home)
            .env("XDG_DATA_HOME", &home)
            .env("XDG_CACHE_HOME", &home);
        (Process::start(&format!("the window of {name}"), &mut command), display)
    };
    let (answering, _display_b) = open("b", "grace", &["--auto-accept"]);
    let (calling, display_a) = open("a", "ada", &["--call", "grace"]);
    // They say nothing: the link's counters tell of the media, two seconds at full rate.
    let carried = || lab.netlab.stats().get("a>b").map_or(0, |link| link.bytes_out);
    until("media between the windows", LIMIT, || carried() > 200_000);
    let wait = |seconds: u32| {
        let from = std::time::Instant::now();
        let length = Duration::from_secs(u64::from(seconds));
        until("time to pass", length + LIMIT, || from.elapsed() >= length);
    };
    wait(SETTLED_S);
    let usage = Usage::of(vec![answering.pid(), calling.pid()]);
    wait(case.seconds);
    let cost = usage.cost();
    let picture = eyeline_tests::artifacts().join("bench").join("windows.png");
    fs::write(picture, display_a.screenshot()).expect("artifacts can be written");
    Measured { ends: Vec::new(), cost }
}
