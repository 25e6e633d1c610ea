//! Two instruments and their server on an emulated network, from good to bad. As root on Linux; elsewhere said and passed.
#![cfg(target_os = "linux")]
use crate::support::{
    cli::{Cli, Report},
    program,
    server::Server,
};
use eyeline_netlab::{Builder, Link, Netlab, NetlabError, Profile, Schedule};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(90);
const CARD: [&str; 4] = ["--camera", "testcard:640x480@30", "--mic", "tone"];
/// How long the link is cut.
const CUT: Duration = Duration::from_secs(5);

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
    fn call(&self, duration_s: &str) -> (Cli, Cli) {
        let mut answering = self.cli("b", "grace", &[&["answer"], &CARD[..]].concat());
        answering.wait_until_ready();
        let words = ["call", "grace", "--duration", duration_s];
        let mut calling = self.cli("a", "ada", &[&words[..], &CARD].concat());
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
        assert!(!report.summary["sizes"]["640x480"].is_null(), "the whole picture: {}", report.summary["sizes"]);
    }
    reports
}

fn keeps_its_rate_on(profile: Profile) {
    let Some(lab) = Lab::start(Netlab::builder().profile(profile)) else { return };
    for report in good_to_the_end(profile.name(), lab.call("20")) {
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
    let cut = Link { down: true, ..Link::PERFECT };
    let schedule = Schedule::new(vec![(Duration::ZERO, cut), (CUT, Profile::Good.link())]);
    let Some(lab) = Lab::start(Netlab::builder().schedule(schedule)) else { return };
    let ends = lab.call("30");
    // Cut from here on, for as long as the schedule says.
    lab.netlab.restart_schedule().unwrap();
    for report in good_to_the_end("cut", ends) {
        let gap_ms = report.figure("gap_ms.max");
        assert!(gap_ms > 0.8 * CUT.as_millis() as f64, "the cut was noticed: {gap_ms}");
        assert!(gap_ms < 12_000.0, "picture again soon after the cut: {gap_ms}");
        assert!(report.figure("frames") >= 300.0, "picture for the rest of the call: {}", report.summary);
    }
}
