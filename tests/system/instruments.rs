//! Two instruments through a real server, on this machine's own network.
use eyeline_tests::{CARD, cli::Cli, server::Server};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(60);

/// Calls with `codec`, texts both ways, and judges both ends. There is one flash and beep a second: a 95th percentile
/// needs more than twenty.
fn call_is_good(codec: &str) {
    let server = Server::start(&[]);
    let answering =
        Cli::answering(server.address(), "grace", &[&CARD[..], &["--say", "Hello, Ada!"]].concat());
    let words = ["call", "grace", "--duration", "24", "--video-codec", codec, "--say", "Hello, Grace!"];
    let calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    let (caller, callee) = (calling.finish(END_LIMIT), answering.finish(END_LIMIT));
    for (report, heard) in [(&caller, "grace: Hello, Ada!"), (&callee, "ada: Hello, Grace!")] {
        println!("{:#}", report.summary);
        assert_eq!(report.status, 0, "{}", report.errors);
        assert_eq!(report.summary["end_reason"], "hangup");
        assert_eq!(report.summary["codec"].as_str().map(str::to_lowercase).as_deref(), Some(codec));
        assert!(report.figure("fps") >= 28.0, "fps");
        assert!(report.figure("latency_ms.p50") < 100.0, "latency");
        assert!(report.figure("latency_ms.n") >= 500.0, "the test card's clock was read");
        assert!(report.figure("audio_concealed_pct") < 1.0, "concealment");
        assert!(report.figure("av_skew_ms.p95") < 60.0, "lip-sync");
        assert!(report.figure("sizes.640x480") > 500.0, "size");
        assert!(report.figure("setup_ms") < 5_000.0, "setup");
        assert_eq!(report.summary["relayed"], false);
        assert!(report.lines.iter().any(|line| line == heard), "chat: {:?}", report.lines);
    }
}

#[test]
fn two_instruments_see_hear_and_write_to_each_other_with_vp8() {
    call_is_good("vp8");
}

#[test]
fn two_instruments_see_hear_and_write_to_each_other_with_h264() {
    call_is_good("h264");
}

#[test]
fn pictures_that_are_drawn_small_are_sent_small() {
    let server = Server::start(&[]);
    let answering = Cli::answering(server.address(), "grace", &[&CARD[..], &["--view", "320x180"]].concat());
    let words = ["call", "grace", "--duration", "10"];
    let calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    let (caller, callee) = (calling.finish(END_LIMIT), answering.finish(END_LIMIT));
    assert_eq!((caller.status, callee.status), (0, 0), "{}{}", caller.errors, callee.errors);
    let (large, small) = (caller.figure("sizes.640x480"), callee.figure("sizes.320x240"));
    assert!(large > 200.0 && small > 200.0, "{} {}", caller.summary, callee.summary);
    assert!(callee.figure("kbps_in") < 400.0, "{}", callee.summary);
    assert!(caller.figure("kbps_in") > 400.0, "{}", caller.summary);
    assert!(callee.figure("fps") > 25.0, "{}", callee.summary);
}

#[test]
fn a_call_needs_neither_camera_nor_microphone() {
    let server = Server::start(&[]);
    let nothing = ["--camera", "none", "--mic", "none"];
    let answering = Cli::answering(server.address(), "grace", &nothing);
    let words = ["call", "grace", "--duration", "2", "--say", "only words"];
    let calling = Cli::start(server.address(), "ada", &[&words[..], &nothing].concat());
    let (caller, callee) = (calling.finish(END_LIMIT), answering.finish(END_LIMIT));
    assert_eq!((caller.status, callee.status), (0, 0), "{}{}", caller.errors, callee.errors);
    assert!(callee.lines.iter().any(|line| line == "ada: only words"));
    assert_eq!(caller.summary["frames"], 0);
    assert!(caller.summary["first_frame_ms"].is_null(), "what is not known is null, never 0");
}

#[test]
fn the_stats_file_has_a_line_a_second() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stats.jsonl");
    let answering = Cli::answering(server.address(), "grace", &CARD);
    let words = ["call", "grace", "--duration", "4", "--stats", file.to_str().unwrap()];
    let calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    assert_eq!((calling.finish(END_LIMIT).status, answering.finish(END_LIMIT).status), (0, 0));
    let lines: Vec<serde_json::Value> =
        std::fs::read_to_string(file).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!((3..=8).contains(&lines.len()), "{} lines", lines.len());
    let last = lines.last().unwrap();
    for key in [
        "t",
        "state",
        "ice_state",
        "fps",
        "kbps_in",
        "kbps_out",
        "rtt_ms",
        "cpu_pct",
        "rss_mb",
        "jitter_buffer_ms",
    ] {
        assert!(!last[key].is_null(), "{key} is missing in {last}");
    }
}
