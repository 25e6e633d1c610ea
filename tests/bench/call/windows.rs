//! Two windows of the desktop program. They say nothing of what they see; what they cost is known.
use super::{
    case::Case,
    end::End,
    station::{LIMIT, Sight},
    usage::Usage,
};
use eyeline_tests::{artifacts, display::Display, lab::Lab, process::Process, program, until};
use std::{
    fs,
    time::{Duration, Instant},
};

/// A call between them; `settled_s` seconds of it do not count.
pub fn call(lab: &Lab, case: &Case, (width, height): (u32, u32), settled_s: u32) -> [End; 2] {
    let card = format!("testcard:{width}x{height}@30");
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
    // The link's counters tell of the media, two seconds at full rate.
    let carried = || lab.netlab.stats().get("a>b").map_or(0, |link| link.bytes_out);
    until("media between the windows", LIMIT, || carried() > 200_000);
    let wait = |seconds: u32| {
        let from = Instant::now();
        let length = Duration::from_secs(u64::from(seconds));
        until("time to pass", length + LIMIT, || from.elapsed() >= length);
    };
    wait(settled_s);
    let usages =
        [(&calling, true), (&answering, false)].map(|(window, calls)| (Usage::of(vec![window.pid()]), calls));
    wait(case.seconds);
    let ends = usages.map(|(usage, calls)| End::new(Sight::default(), usage.cost(), calls, None));
    let picture = artifacts().join("bench").join("windows.png");
    fs::write(picture, display_a.screenshot()).expect("artifacts can be written");
    ends
}
