//! Two instruments and their server on an emulated network, from good to bad. As root on Linux; elsewhere said and passed.
#![cfg(target_os = "linux")]
use eyeline_netlab::{Link, Netlab, Profile};
use eyeline_tests::{
    CARD,
    cli::{Cli, Report},
    lab::Lab,
    until,
};
use serde_json::Value;
use std::{path::Path, time::Duration};

const END_LIMIT: Duration = Duration::from_secs(90);
/// How long the link is cut, in the seconds of the instrument's own statistics.
const CUT_S: usize = 5;

fn call(lab: &Lab, options: &[&str]) -> (Cli, Cli) {
    lab.call(&[&CARD[..], options].concat(), &CARD)
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
    for report in good_to_the_end(profile.name(), call(&lab, &["--duration", "20"])) {
        assert!(report.figure("fps") >= 20.0, "fps of {}", report.summary);
        let frames = report.figure("frames");
        assert!(frames >= 400.0, "frames of {}", report.summary);
        let whole = report.summary["sizes"]["640x480"].as_f64().unwrap_or(0.0);
        assert!(whole > 0.5 * frames, "most pictures are whole: {}", report.summary["sizes"]);
        assert!(report.figure("gap_ms.max") < 2_000.0, "a stop in {}", report.summary);
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
    let ends = call(&lab, &["--duration", "35", "--stats", file.to_str().unwrap()]);
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
