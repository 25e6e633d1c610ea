//! Servers that are reached by TLS.
use eyeline_tests::{CARD, authority::Authority, cli::Cli, front::Front, program, server::Server};
use std::{net::Ipv4Addr, process::Command, time::Duration};

const END_LIMIT: Duration = Duration::from_secs(60);

fn trusting(authority: &Authority) -> Command {
    let mut command = Command::new(program("eyeline-cli"));
    command.env("SSL_CERT_FILE", authority.root());
    command
}

#[test]
fn a_call_through_a_server_behind_tls() {
    let (server, authority) = (Server::start(&[]), Authority::certify(Ipv4Addr::LOCALHOST.into()));
    let front = Front::start(&authority, server.address());
    let words = [&["answer"], &CARD[..]].concat();
    let mut answering = Cli::start_by(trusting(&authority), &front.address(), "grace", &words);
    answering.wait_until_ready();
    let words = [&["call", "grace", "--duration", "3"], &CARD[..]].concat();
    let calling = Cli::start_by(trusting(&authority), &front.address(), "ada", &words);
    for report in [calling.finish(END_LIMIT), answering.finish(END_LIMIT)] {
        assert_eq!(report.status, 0, "{}", report.errors);
        assert!(report.figure("frames") > 30.0, "{:#}", report.summary);
    }
}

#[test]
fn a_server_whose_certificate_nobody_vouches_for_is_told_nothing() {
    let (server, authority) = (Server::start(&[]), Authority::certify(Ipv4Addr::LOCALHOST.into()));
    let front = Front::start(&authority, server.address());
    let report = Cli::start(&front.address(), "ada", &["answer"]).finish(END_LIMIT);
    assert_eq!(report.status, 20, "{}", report.errors);
    assert!(report.errors.to_lowercase().contains("certificate"), "says why: {}", report.errors);
}
