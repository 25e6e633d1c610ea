//! Networks that let no UDP through, with a TURN server that nobody here wrote. As root on Linux; elsewhere said and
//! passed.
#![cfg(target_os = "linux")]
use eyeline_netlab::{Builder, Netlab, Profile};
use eyeline_tests::{CARD, cli::Report, lab::Lab};
use std::time::Duration;

const END_LIMIT: Duration = Duration::from_secs(90);

/// A call of ten seconds with these TURN servers; `None` where the system permits no emulated network.
fn call_with(builder: Builder, uris: &[&str], caller: &[&str]) -> Option<[Report; 2]> {
    let lab = match uris {
        [] => Lab::start(builder),
        uris => Lab::start_with_turn(builder, uris),
    }?;
    let (a, b) = lab.call(&[&CARD[..], &["--duration", "10"], caller].concat(), &CARD);
    Some([a, b].map(|end| {
        let report = end.finish(END_LIMIT);
        println!("{uris:?}: {}", report.summary);
        assert_eq!(report.status, 0, "{}", report.errors);
        assert_eq!(report.summary["end_reason"], "hangup");
        assert!(report.figure("frames") >= 100.0, "pictures of {}", report.summary);
        assert!(report.figure("audio_concealed_pct") < 20.0, "sound of {}", report.summary);
        report
    }))
}

fn reaches_a_host_without_udp_through(uris: &[&str], protocol: &str) {
    let builder = Netlab::builder().profile(Profile::Good).udp_block("a");
    let Some(ends) = call_with(builder, uris, &[]) else { return };
    assert_eq!(ends[0].summary["protocol"], protocol, "{}", ends[0].summary);
    for report in ends {
        assert_eq!(report.summary["relayed"], true, "{}", report.summary);
    }
}

#[test]
fn a_call_gets_through_by_tcp_where_udp_is_blocked() {
    reaches_a_host_without_udp_through(&["turn:HOST?transport=udp", "turn:HOST?transport=tcp"], "tcp");
}

#[test]
fn a_call_gets_through_by_tls_where_udp_is_blocked() {
    reaches_a_host_without_udp_through(&["turn:HOST?transport=udp", "turns:HOST"], "tls");
}

#[test]
fn a_call_gets_through_by_tcp_between_the_machines_where_there_is_no_relay() {
    for blocked in ["a", "b"] {
        let builder = Netlab::builder().profile(Profile::Good).udp_block(blocked);
        for report in call_with(builder, &[], &[]).into_iter().flatten() {
            assert_eq!(report.summary["relayed"], false, "{}", report.summary);
            assert_eq!(report.summary["protocol"], "tcp", "{}", report.summary);
        }
    }
}

#[test]
fn a_call_gets_through_a_relay_where_the_machines_do_not_reach_each_other() {
    let builder = Netlab::builder().profile(Profile::Good).block("a", "b");
    for report in call_with(builder, &["turn:HOST?transport=udp"], &[]).into_iter().flatten() {
        assert_eq!(report.summary["relayed"], true, "{}", report.summary);
        assert_eq!(report.summary["protocol"], "udp", "{}", report.summary);
        assert!(
            report.figure("first_frame_ms") < 2_500.0,
            "a second is waited for a direct path: {}",
            report.summary
        );
    }
}

#[test]
fn a_call_can_be_held_to_relays_that_are_reached_by_tcp() {
    let builder = Netlab::builder().profile(Profile::Good);
    for report in call_with(builder, &["turn:HOST?transport=tcp"], &["--relay-only"]).into_iter().flatten() {
        assert_eq!(report.summary["relayed"], true, "{}", report.summary);
    }
}

#[test]
fn the_direct_path_is_taken_where_it_works_whatever_relays_there_are() {
    let uris = ["turn:HOST?transport=udp", "turn:HOST?transport=tcp", "turns:HOST"];
    for report in call_with(Netlab::builder().profile(Profile::Good), &uris, &[]).into_iter().flatten() {
        assert_eq!(report.summary["relayed"], false, "{}", report.summary);
    }
}
