//! Every way in which a call ends has its own exit status, at both ends.
use eyeline_tests::{
    cli::{Cli, Report},
    server::Server,
};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(60);
const QUIET: [&str; 4] = ["--camera", "none", "--mic", "none"];

fn call(server: &Server, from: &str, to: &str) -> Cli {
    Cli::start(server.address(), from, &[&["call", to, "--duration", "5"], &QUIET[..]].concat())
}

fn ended(report: &Report, status: i32, reason: &str) {
    assert_eq!(report.status, status, "{}", report.errors);
    assert_eq!(report.summary["end_reason"], reason, "{:#}", report.summary);
}

#[test]
fn a_declined_call_says_so_at_both_ends() {
    let server = Server::start(&[]);
    let answering = Cli::answering(server.address(), "grace", &["--decline"]);
    ended(&call(&server, "ada", "grace").finish(END_LIMIT), 10, "declined");
    ended(&answering.finish(END_LIMIT), 10, "declined");
}

#[test]
fn a_call_that_nobody_answers_is_missed() {
    let server = Server::start(&["--ring-timeout-s", "2"]);
    // An account without a device that is online.
    let offline = Cli::start(server.address(), "grace", &["call", "nobody"]);
    assert_eq!(offline.finish(END_LIMIT).status, 22);
    ended(&call(&server, "ada", "grace").finish(END_LIMIT), 11, "missed");
}

#[test]
fn somebody_in_a_call_is_busy() {
    let server = Server::start(&[]);
    let mut answering = Cli::answering(server.address(), "grace", &QUIET);
    let mut first = call(&server, "ada", "grace");
    first.wait_for_line(END_LIMIT, |line| line == "connected");
    answering.wait_for_line(END_LIMIT, |line| line == "connected");
    ended(&call(&server, "eve", "grace").finish(END_LIMIT), 12, "busy");
    ended(&first.finish(END_LIMIT), 0, "hangup");
    ended(&answering.finish(END_LIMIT), 0, "hangup");
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    // Bound and closed again: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let report = Cli::start(&format!("http://127.0.0.1:{port}"), "ada", &["call", "grace"]).finish(END_LIMIT);
    assert_eq!(report.status, 20, "{}", report.errors);
    assert_eq!(
        report.errors.lines().filter(|l| !l.is_empty()).count(),
        1,
        "one clear line: {}",
        report.errors
    );
}

#[test]
fn a_wrong_password_is_told_from_a_wrong_name() {
    let server = Server::start(&[]);
    Cli::answering(server.address(), "grace", &QUIET);
    let wrong = Cli::start(server.address(), "grace", &["--password", "not this one", "call", "ada"]);
    assert_eq!(wrong.finish(END_LIMIT).status, 21);
    assert_eq!(call(&server, "ada", "nobody").finish(END_LIMIT).status, 22);
}

#[test]
fn a_caller_that_gives_up_leaves_a_cancelled_call() {
    let server = Server::start(&[]);
    let mut answering = Cli::start(server.address(), "grace", &["answer", "--wait"]);
    answering.wait_until_ready();
    let calling = call(&server, "ada", "grace");
    answering.wait_for_line(END_LIMIT, |line| line == "ringing");
    let mut calling = calling;
    calling.process().signal("INT");
    ended(&calling.finish(END_LIMIT), 13, "cancelled");
    ended(&answering.finish(END_LIMIT), 13, "cancelled");
}

#[test]
fn a_killed_peer_ends_the_call_for_the_other_in_bounded_time() {
    let server = Server::start(&[]);
    let mut answering = Cli::answering(server.address(), "grace", &QUIET);
    let mut calling =
        Cli::start(server.address(), "ada", &[&["call", "grace", "--duration", "8"], &QUIET[..]].concat());
    calling.wait_for_line(END_LIMIT, |line| line == "connected");
    answering.process().kill();
    // The call lives on without its peer until the caller's own time is up, and ends in order.
    ended(&calling.finish(END_LIMIT), 0, "hangup");
}
