//! Two instruments and their server on an emulated network, from good to bad. As root on Linux; elsewhere said and passed.
#![cfg(target_os = "linux")]
use crate::support::{
    cli::{Cli, Report},
    program,
    server::Server,
    until,
};
use eyeline_netlab::{Builder, Link, Netlab, NetlabError, Profile};
use serde_json::Value;
use std::{path::Path, time::Duration};

const END_LIMIT: Duration = Duration::from_secs(90);
const CARD: [&str; 4] = ["--camera", "testcard:640x480@30", "--mic", "tone"];
/// How long the link is cut, in the seconds of the instrument's own statistics.
const CUT_S: usize = 5;

/// Callers on `a` and `b`, the server on `s`.
struct Lab {
    // Before the network that it runs on.
    server: Server,
    netlab: Netlab,
}

impl Lab {
    /// `None`, said aloud, where the system does not permit it.
    fn start(builder: Builder) -> Option<Self> {
        let netlab = match builder.start() {
            Ok(netlab) => netlab,
            Err(error @ NetlabError::NotPermitted { .. }) => {
                println!("NOT RUN: {error}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let address = format!("{}:8000", netlab.address("s").unwrap());
        let program = netlab.command("s", program("eyeline-server")).unwrap();
        Some(Self { server: Server::start_by(program, &address, &["--stun", "none"]), netlab })
    }

    fn cli(&self, host: &str, user: &str, words: &[&str]) -> Cli {
        let program = self.netlab.command(host, program("eyeline-cli")).unwrap();
        Cli::start_by(program, self.server.address(), user, words)
    }

    /// A call from `a` to `b` that is connected.
    fn call(&self, options: &[&str]) -> (Cli, Cli) {
        let mut answering = self.cli("b", "grace", &[&["answer"], &CARD[..]].concat());
        answering.wait_until_ready();
        let mut calling = self.cli("a", "ada", &[&["call", "grace"], &CARD[..], options].concat());
        for end in [&mut calling, &mut answering] {
            end.wait_for_line(END_LIMIT, |line| line == "connected");
        }
        (calling, answering)
    }
}

fn good_to_the_end(name: &str, ends: (Cli, Cli)) -> [Report; 2] {
    let reports = [ends.0, ends.1].map(|end| end.finish(END_LIMIT));
    for report in &reports {
        println!("{name}: {}", report.summary);
        assert_eq!(report.status, 0, "{}", report.errors);
        assert_eq!(report.summary["end_reason"], "hangup");
        assert!(
            !report.summary["sizes"]["640x480"].is_null(),
            "the whole picture: {}",
            report.summary["sizes"]
        );
    }
    reports
}

fn keeps_its_rate_on(profile: Profile) {
    let Some(lab) = Lab::start(Netlab::builder().profile(profile)) else {
        return;
    };
    for report in good_to_the_end(profile.name(), lab.call(&["--duration", "20"])) {
        assert!(report.figure("fps") >= 20.0, "fps of {}", report.summary);
        assert!(report.figure("frames") >= 300.0, "frames of {}", report.summary);
    }
}

#[test]
fn a_call_keeps_its_rate_on_a_good_network() {
    keeps_its_rate_on(Profile::Good);
}

#[test]
fn a_call_keeps_its_rate_with_delay_jitter_and_five_percent_loss() {
    keeps_its_rate_on(Profile::Moderate);
}

#[test]
fn a_call_keeps_its_rate_with_ten_percent_loss() {
    keeps_its_rate_on(Profile::Loss10);
}

#[test]
fn a_call_recovers_by_itself_from_a_link_that_is_cut() {
    let Some(lab) = Lab::start(Netlab::builder().profile(Profile::Good)) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stats.jsonl");
    let ends = lab.call(&["--duration", "35", "--stats", file.to_str().unwrap()]);
    let fps =
        || -> Vec<f64> { stats(&file).iter().map(|line| line["fps"].as_f64().unwrap_or(0.0)).collect() };
    until("picture", END_LIMIT, || fps().iter().any(|fps| *fps > 20.0));
    lab.netlab.set_link(Link { down: true, ..Link::PERFECT });
    let before = fps().len();
    until("the end of the cut", END_LIMIT, || fps().len() >= before + CUT_S);
    lab.netlab.set_profile(Profile::Good);
    for report in good_to_the_end("cut", ends) {
        let gap_ms = report.figure("gap_ms.max");
        assert!(gap_ms > 3_000.0, "the cut was felt: {gap_ms}");
        assert!(gap_ms < 12_000.0, "picture again soon after the cut: {gap_ms}");
        assert!(report.figure("frames") >= 400.0, "picture for the rest of the call: {}", report.summary);
    }
}

/// What the instrument said of each second so far.
fn stats(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    // The last line may be half written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
