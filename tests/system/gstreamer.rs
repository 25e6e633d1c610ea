//! A third implementation of WebRTC, beside webrtc-rs and the browser's: GStreamer's `webrtcbin` calls our instrument, and
//! is called by it, also on a network that loses packets.
#![cfg(target_os = "linux")]
use eyeline_netlab::{Netlab, Profile};
use eyeline_tests::{
    CARD,
    cli::{Cli, Report},
    gstreamer::{Gstreamer, PYTHON},
    lab::Lab,
    server::Server,
    sound,
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

const END_LIMIT: Duration = Duration::from_secs(60);
const NO_STUN: [&str; 2] = ["--stun", "none"];
/// What our instrument says in the chat.
const OURS: &str = "Hello, GStreamer!";
/// What the peer says, as the instrument prints it.
const THEIRS: &str = "gst: Hello from GStreamer!";
/// Pictures that the peer must see before it hangs up: more than five seconds.
const PICTURES: f64 = 180.0;
/// Beeps in that time, one each second.
const BEEPS: f64 = 5.0;
/// A picture may stand for so long: in the first seconds, before it is known how rarely webrtcbin tells of packets (450 ms
/// in simulation), and where a key frame has to be asked for on a machine that does more than it can (1.6 s seen).
const STANDS_MS: f64 = 2_000.0;

/// Judges what either end saw on any network.
fn went_on(report: &Report) {
    println!("{:#}", report.summary);
    assert_eq!(report.status, 0, "{}", report.errors);
    assert_eq!(report.summary["end_reason"], "hangup");
    assert!(report.figure("gap_ms.max") < STANDS_MS, "no picture stood for long");
}

/// Judges what either end saw on a network that loses nothing.
fn is_content(report: &Report) {
    went_on(report);
    assert!(report.figure("frames") >= 130.0, "frames");
    assert!(report.figure("sizes.640x480") >= 110.0, "size");
    assert!(report.figure("latency_ms.p50") < 500.0, "latency");
}

/// Judges what the peer alone can tell.
fn peer_is_content(report: &Report) {
    is_content(report);
    assert!(report.figure("fps_lately") >= 25.0, "a steady rate");
    assert!(report.figure("unreadable") < 3.0, "pictures whose clock could not be read");
    assert!(report.figure("beeps") >= BEEPS, "beeps");
    // A sine of half of full scale is -9 dB.
    assert!((-15.0..-6.0).contains(&report.figure("level_db")), "loudness");
    assert_eq!(report.summary["texts"], json!([OURS]));
    assert_eq!(report.summary["strange"], json!([]), "what is not in the protocol");
    assert!(report.figure("feedback.packets_recv") > 0.0, "we tell of its packets");
}

/// Judges what our instrument alone can tell.
fn instrument_is_content(report: &Report, heard: &Path) {
    is_content(report);
    assert!(report.figure("fps") >= 25.0, "a steady rate");
    assert!(report.figure("latency_ms.n") >= 130.0, "the clock of the peer's pictures was read");
    assert!(report.lines.iter().any(|line| line == THEIRS), "chat: {:?}", report.lines);
    let beeps = sound::beeps(&sound::read(heard));
    assert!(beeps as f64 >= BEEPS - 1.0, "{beeps} beeps were heard");
}

#[test]
fn webrtcbin_calls_the_instrument() {
    let server = Server::start(&NO_STUN);
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard.wav");
    let words = ["--say", OURS, "--dump-audio", heard.to_str().unwrap()];
    let answering = Cli::answering(server.address(), "grace", &[&words[..], &CARD].concat());
    let mut peer = Gstreamer::calling(server.address(), "gst", "grace");
    let goals = [("frames", PICTURES), ("fps_lately", 27.0), ("beeps", BEEPS)];
    peer.until(|seen| goals.iter().all(|(key, wanted)| at_least(seen, key, *wanted)));
    peer.hang_up();
    peer_is_content(&peer.finish(END_LIMIT));
    instrument_is_content(&answering.finish(END_LIMIT), &heard);
}

#[test]
fn webrtcbin_is_called_by_the_instrument() {
    let server = Server::start(&NO_STUN);
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard.wav");
    let peer = Gstreamer::answering(server.address(), "gst");
    let words = ["call", "gst", "--duration", "9", "--say", OURS, "--dump-audio", heard.to_str().unwrap()];
    let calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    instrument_is_content(&calling.finish(END_LIMIT), &heard);
    peer_is_content(&peer.finish(END_LIMIT));
}

/// One picture each way is lost where no repair can reach it: only a key frame helps, and somebody must ask for it.
#[test]
fn webrtcbin_and_the_instrument_ask_each_other_for_key_frames() {
    let server = Server::start(&NO_STUN);
    let answering = Cli::answering(server.address(), "grace", &CARD);
    let mut peer = Gstreamer::calling(server.address(), "gst", "grace");
    let before = peer.until(|seen| at_least(seen, "frames", 90.0) && at_least(seen, "fps_lately", 20.0));
    peer.lose_pictures();
    let more = |seen: &Value, key: &str, by: f64| at_least(seen, key, before[key].as_f64().unwrap() + by);
    const ASKED_AND_GIVEN: [&str; 4] =
        ["key_frames_asked", "key_frames_seen", "key_frames_asked_of_us", "key_frames_sent"];
    // Each waits for a key frame: so it came where there are pictures again, for two seconds.
    peer.until(|seen| ASKED_AND_GIVEN.iter().all(|key| more(seen, key, 1.0)) && more(seen, "frames", 60.0));
    peer.hang_up();
    for report in [peer.finish(END_LIMIT), answering.finish(END_LIMIT)] {
        went_on(&report);
        assert!(report.figure("frames") >= 130.0, "pictures went on");
    }
}

/// A tenth of the packets is lost each way: without repairs, every third picture of three packets would have a hole. Seen
/// in 12 s: 30 pictures a second at the peer and 28 at the instrument, 150 to 180 repairs used there and 200 to 250 sent.
#[test]
fn webrtcbin_and_the_instrument_repair_a_tenth_lost() {
    let Some(lab) = Lab::start(Netlab::builder().profile(Profile::Loss10)) else {
        return;
    };
    let python = lab.netlab.command("b", PYTHON).expect("a host of this network");
    let peer = Gstreamer::answering_eagerly_by(python, lab.server(), "gst");
    let calling = lab.cli("a", "ada", &[&["call", "gst", "--duration", "12"], &CARD[..]].concat());
    let (ours, theirs) = (calling.finish(END_LIMIT), peer.finish(END_LIMIT));
    for report in [&ours, &theirs] {
        went_on(report);
        assert!(report.figure("fps") >= 22.0, "fps");
    }
    assert!(theirs.figure("repairs_used") >= 75.0, "our repairs, at the peer");
    assert!(theirs.figure("repairs_sent") >= 75.0, "its repairs, by our requests");
    assert!(theirs.figure("unreadable") < 0.02 * theirs.figure("frames"), "whole pictures");
    assert!(theirs.figure("beeps") >= 9.0, "beeps");
}

fn at_least(seen: &Value, key: &str, wanted: f64) -> bool {
    seen[key].as_f64().is_some_and(|is| is >= wanted)
}
