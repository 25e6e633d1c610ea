//! Races, crashes and garbage.
use eyeline_tests::{
    CARD,
    cli::{Cli, Report},
    rest::Rest,
    server::Server,
};
use serde_json::{Value, json};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(120);
const QUIET: [&str; 4] = ["--camera", "none", "--mic", "none"];

fn call(server: &Server, from: &str, to: &str, seconds: &str) -> Cli {
    Cli::start(server.address(), from, &[&["call", to, "--duration", seconds], &QUIET[..]].concat())
}

fn ended(report: &Report, status: i32, reason: &str) {
    assert_eq!(report.status, status, "{}", report.errors);
    assert_eq!(report.summary["end_reason"], reason, "{:#}", report.summary);
}

#[test]
fn of_two_devices_that_accept_at_once_exactly_one_gets_the_call() {
    let server = Server::start(&[]);
    let devices = [(); 2].map(|()| Cli::answering(server.address(), "grace", &QUIET));
    let caller = call(&server, "ada", "grace", "3").finish(END_LIMIT);
    ended(&caller, 0, "hangup");
    let mut reports = devices.map(|device| device.finish(END_LIMIT));
    reports.sort_by_key(|report| report.status);
    ended(&reports[0], 0, "hangup");
    ended(&reports[1], 14, "answered_elsewhere");
}

#[test]
fn two_who_call_each_other_at_once_are_in_one_call() {
    let server = Server::start(&[]);
    let rest = Rest::to(server.address());
    for name in ["ada", "grace"] {
        rest.register(name);
    }
    let mut ends = [("ada", "grace"), ("grace", "ada")].map(|(from, to)| call(&server, from, to, "5"));
    for end in &mut ends {
        end.wait_for_line(END_LIMIT, |line| line == "connected");
    }
    let token = rest.log_in("ada");
    let calls = rest.get("/calls/active", &token);
    assert_eq!(calls.as_array().map(Vec::len), Some(1), "{calls:#}");
    for end in ends {
        ended(&end.finish(END_LIMIT), 0, "hangup");
    }
}

#[test]
fn a_killed_caller_ends_the_call_for_the_other_and_can_call_again() {
    let server = Server::start(&[]);
    let mut answering = Cli::answering(server.address(), "grace", &QUIET);
    let mut calling = call(&server, "ada", "grace", "60");
    for end in [&mut calling, &mut answering] {
        end.wait_for_line(END_LIMIT, |line| line == "connected");
    }
    calling.process().kill();
    let left = answering.finish(END_LIMIT);
    assert!(
        [15, 17].contains(&left.status),
        "lost or replaced: {} {:#} {}",
        left.status,
        left.summary,
        left.errors
    );
    let answering = Cli::answering(server.address(), "grace", &QUIET);
    ended(&call(&server, "ada", "grace", "2").finish(END_LIMIT), 0, "hangup");
    ended(&answering.finish(END_LIMIT), 0, "hangup");
}

#[test]
fn a_call_lives_on_while_its_server_is_killed_and_restarted() {
    let mut server = Server::start(&[]);
    let mut answering = Cli::answering(server.address(), "grace", &CARD);
    let words = ["call", "grace", "--duration", "15", "--say", "still there?"];
    let mut calling = Cli::start(server.address(), "ada", &[&words[..], &CARD].concat());
    for end in [&mut calling, &mut answering] {
        end.wait_for_line(END_LIMIT, |line| line == "connected");
    }
    server.restart(&[]);
    for end in [calling, answering] {
        let report = end.finish(END_LIMIT);
        println!("{}", report.summary);
        ended(&report, 0, "hangup");
        assert!(report.figure("frames") >= 200.0, "{:#}", report.summary);
        assert!(report.figure("gap_ms.max") < 2_000.0, "media needs no server: {:#}", report.summary);
    }
    // Over at the server as well: both can be called at once.
    let rest = Rest::to(server.address());
    let token = rest.log_in("ada");
    rest.until("/calls/active", &token, |calls| *calls == json!([]));
}

#[test]
fn garbage_is_refused_in_json_and_the_server_goes_on() {
    let server = Server::start(&["--auth-per-minute", "1000"]);
    let rest = Rest::to(server.address());
    rest.register("ada");
    let token = rest.log_in("ada");
    // Over the limit of a body, and small enough to be taken in before it is refused.
    let long = "x".repeat(20_000);
    let nonsense = ["", "{", "null", "[]", "7", r#"{"username": 7}"#, "\u{0}\u{1}", &long];
    for path in ["/auth/register", "/auth/login", "/auth/refresh", "/calls/initiate"] {
        for body in nonsense {
            refused(&rest.post_text(path, &token, body), path);
        }
    }
    let nobody = "00000000-0000-0000-0000-000000000000";
    for id in [nobody, "7", "..%2f..", "%00", "';--"] {
        for verb in ["accept", "decline", "cancel", "end"] {
            let path = format!("/calls/{verb}/{id}");
            refused(&rest.post_text(&path, &token, "{}"), &path);
        }
    }
    for bad in ["", "nonsense", "a.b.c", &long[..5_000], &format!("{token}x")] {
        let (status, _) = rest.post_text("/calls/initiate", bad, r#"{"callee": "ada"}"#);
        assert_eq!(status, 401, "a token that is none");
    }
    assert_eq!(rest.get("/users/me", &token)["username"], "ada");
}

/// A refusal has a status of the 4xx range and says why in JSON.
fn refused((status, body): &(u16, Value), path: &str) {
    assert!((400..500).contains(status), "{path}: {status}");
    assert!(
        body["error"]["code"].is_string() && body["error"]["message"].is_string(),
        "{path}: {status} {body}"
    );
}
