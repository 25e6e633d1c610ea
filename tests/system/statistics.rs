//! Whether the figures are true: against a network whose delay and loss are known, and the instrument's own counts.
#![cfg(target_os = "linux")]
use eyeline_netlab::{Link, Netlab};
use eyeline_tests::{CARD, cli::Cli, lab::Lab, rest::Rest, server::Server};
use serde_json::Value;
use std::{path::Path, time::Duration};

const END_LIMIT: Duration = Duration::from_secs(90);
/// Seconds at a call's beginning that are no measure of the rest: checks of paths, probes, a first key frame.
const BEGINNING: usize = 3;

/// What the instrument said of each second.
fn seconds(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The mean of a figure over the seconds in which it was known.
fn mean(lines: &[Value], of: impl Fn(&Value) -> Option<f64>) -> f64 {
    let known: Vec<f64> = lines.iter().skip(BEGINNING).filter_map(of).collect();
    assert!(known.len() >= 10, "known in {} of {} seconds", known.len(), lines.len());
    known.iter().sum::<f64>() / known.len() as f64
}

/// A figure of the object of this W3C type, and of this kind of media where there are two.
fn figure(line: &Value, object: &str, kind: Option<&str>, name: &str) -> Option<f64> {
    let objects = line["webrtc"][object].as_array()?;
    objects.iter().find(|o| kind.is_none_or(|kind| o["kind"] == kind))?[name].as_f64()
}

/// Calls for 20 s over this link; what the caller said of each second, and its summary.
fn call(link: Link) -> Option<(Vec<Value>, Value)> {
    let lab = Lab::start(Netlab::builder().link(link))?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stats.jsonl");
    let options = ["--duration", "20", "--stats", file.to_str().unwrap()];
    let (calling, answering) = lab.call(&[&CARD[..], &options].concat(), &CARD);
    let (report, other) = (calling.finish(END_LIMIT), answering.finish(END_LIMIT));
    assert_eq!((report.status, other.status), (0, 0), "{}{}", report.errors, other.errors);
    let lines = seconds(&file);
    println!("{}\n{}", report.summary, lines.last().unwrap());
    Some((lines, report.summary))
}

fn near(what: &str, figure: f64, truth: f64, within: f64) {
    println!("{what}: {figure:.4}, in truth {truth}");
    assert!((figure - truth).abs() <= within, "{what} is told as {figure}, and is {truth}");
}

#[test]
fn round_trip_loss_and_jitter_are_those_of_the_network() {
    let Some((lines, _)) = call(Link { delay_ms: 60.0, loss_pct: 10.0, ..Link::PERFECT }) else {
        return;
    };
    let told = |object: &'static str, kind: &'static str, name: &'static str| {
        mean(&lines, move |line| figure(line, object, Some(kind), name))
    };
    near(
        "round trip by checks",
        mean(&lines, |l| figure(l, "candidate-pair", None, "currentRoundTripTime")),
        0.12,
        0.024,
    );
    for kind in ["audio", "video"] {
        near("round trip by reports", told("remote-inbound-rtp", kind, "roundTripTime"), 0.12, 0.024);
        // Of eight hundred packets: four standard deviations.
        near("fraction lost of ours", told("remote-inbound-rtp", kind, "fractionLost"), 0.1, 0.04);
    }
    near("rtt_ms", mean(&lines, |line| line["rtt_ms"].as_f64()), 120.0, 24.0);
    near("loss_pct", mean(&lines, |line| line["loss_pct"].as_f64()), 10.0, 3.0);
    // The link has none; what is left is that of two busy machines on one.
    near("jitter of sound", told("inbound-rtp", "audio", "jitter"), 0.0, 0.012);
    let last = lines.last().unwrap();
    let inbound = |name: &str| figure(last, "inbound-rtp", Some("video"), name).unwrap();
    let lost = inbound("packetsLost");
    let repaired = inbound("retransmittedPacketsReceived");
    // Parity that is not used yet may still be.
    let made = inbound("fecPacketsReceived") - inbound("fecPacketsDiscarded");
    assert!(
        made > 0.4 * lost && repaired > 0.0 && (0.8 * lost..=1.1 * lost).contains(&(repaired + made)),
        "{repaired} of {lost} lost pictures' packets repaired, {made} made from parity"
    );
    let ours = |name: &str| figure(last, "outbound-rtp", Some("video"), name).unwrap();
    assert!(ours("retransmittedPacketsSent") > 0.0, "ours were repaired as well");
    assert!(inbound("nackCount") > 0.0 && ours("nackCount") > 0.0);
}

#[test]
fn a_narrow_path_with_jitter_is_told_as_that() {
    let Some((lines, _)) = call(Link { delay_ms: 30.0, jitter_ms: 20.0, rate_kbps: 200.0, ..Link::PERFECT })
    else {
        return;
    };
    let settled = &lines[lines.len() / 2..];
    let told = |object: &'static str, kind: &'static str, name: &'static str| {
        mean(&lines, move |line| figure(line, object, Some(kind), name))
    };
    // Two delays, each anywhere within 20 ms of the mean, are a third of the whole width apart on average (RFC 3550's measure).
    near("jitter of sound", told("inbound-rtp", "audio", "jitter"), 0.013, 0.008);
    let rate = mean(&lines, |line| line["kbps_in"].as_f64());
    assert!((90.0..200.0).contains(&rate), "{rate} kbit/s through 200");
    let target = mean(&lines, |line| line["target_kbps"].as_f64());
    assert!((120.0..220.0).contains(&target), "a target of {target} kbit/s for 200");
    let limited = |line: &Value| line["quality_limitation"] == "bandwidth";
    assert!(settled.iter().all(limited), "what keeps the pictures small: {settled:?}");
    let last = &lines[lines.len() - 1];
    let pictures = |name: &'static str| figure(last, "inbound-rtp", Some("video"), name).unwrap();
    assert!(pictures("frameWidth") < 640.0, "{} pixels wide", pictures("frameWidth"));
}

#[test]
fn pictures_and_the_path_are_told_as_they_were() {
    let Some((lines, summary)) = call(Link { delay_ms: 20.0, ..Link::PERFECT }) else {
        return;
    };
    let last = lines.last().unwrap();
    let inbound = |name: &str| figure(last, "inbound-rtp", Some("video"), name).unwrap();
    // The last line is of the call's last second at the earliest, and pictures of another one come.
    let after = summary["frames"].as_f64().unwrap() - inbound("framesRendered");
    assert!((0.0..=45.0).contains(&after), "{after} pictures after the last line");
    let under_way = inbound("framesDecoded") - inbound("framesRendered") - inbound("framesDropped");
    assert!((0.0..=9.0).contains(&under_way), "{under_way} pictures are decoded and not shown yet");
    assert_eq!(inbound("freezeCount"), summary["freeze_count"].as_f64().unwrap());
    assert_eq!(inbound("packetsLost"), 0.0);
    assert!((inbound("framesPerSecond") - 30.0).abs() < 6.0);
    for (object, side) in [("local-candidate", 0), ("remote-candidate", 1)] {
        assert_eq!(last["webrtc"][object][0]["candidateType"], "host");
        assert_eq!(last["candidates"][side], "host");
    }
    assert_eq!(last["webrtc"]["candidate-pair"][0]["state"], "succeeded");
    let codecs: Vec<&str> =
        last["webrtc"]["codec"].as_array().unwrap().iter().filter_map(|c| c["mimeType"].as_str()).collect();
    assert_eq!(codecs, ["audio/opus", "video/VP8", "audio/opus", "video/VP8"]);
}

#[test]
fn the_server_knows_both_members_figures() {
    let server = Server::start(&[]);
    let mut answering = Cli::answering(server.address(), "grace", &CARD);
    let words = ["call", "grace", "--duration", "60"];
    let mut calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    for end in [&mut calling, &mut answering] {
        end.wait_for_line(END_LIMIT, |line| line == "connected");
    }
    let rest = Rest::to(server.address());
    let token = rest.log_in("ada");
    let call = rest.get("/calls/active", &token);
    let id = call[0]["id"].as_str().unwrap_or_else(|| panic!("{call}"));
    let path = format!("/ws/webrtc/connection-state/{id}");
    let decoded = |state: &Value, side: &str| {
        let inbound = state["stats"][side]["inbound-rtp"].as_array()?;
        inbound.iter().find(|stream| stream["kind"] == "video")?["framesDecoded"].as_u64()
    };
    rest.until(&path, &token, |state| {
        state["connection_state"] == "connected"
            && ["caller", "callee"].iter().all(|side| decoded(state, side).is_some_and(|n| n > 100))
    });
    calling.process().signal("INT");
    let (caller, callee) = (calling.finish(END_LIMIT), answering.finish(END_LIMIT));
    assert_eq!((caller.status, callee.status), (0, 0), "{}{}", caller.errors, callee.errors);
}
