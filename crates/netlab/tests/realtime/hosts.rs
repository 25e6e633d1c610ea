//! Who reaches whom, under which address, and what is left when the network is gone.
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use eyeline_netlab::Netlab;

use super::*;

fn namespace_exists(network: &str, host: &str) -> bool {
    Path::new("/run/netns").join(format!("{network}-{host}")).exists()
}

#[test]
fn blocked_pair_is_left_with_a_relay() {
    let Some(lab) = start(Netlab::builder().block("a", "b")) else {
        return;
    };
    let [a, b, s] = ["a", "b", "s"].map(|host| socket(&lab, host));
    assert!(!reaches(&a, &b) && !reaches(&b, &a));
    assert!(reaches(&a, &s) && reaches(&s, &b));
}

#[test]
fn udp_blocked_host_is_left_with_tcp() {
    let Some(lab) = start(Netlab::builder().udp_block("a")) else {
        return;
    };
    let [a, b, s] = ["a", "b", "s"].map(|host| socket(&lab, host));
    assert!(!reaches(&a, &b) && !reaches(&s, &a));
    assert!(reaches(&s, &b));

    let server = SocketAddr::from((lab.address("s").unwrap(), 80));
    let _listener = lab.enter("s", || TcpListener::bind(server)).unwrap().unwrap();
    lab.enter("a", || TcpStream::connect_timeout(&server, ms(2000))).unwrap().unwrap();
}

#[test]
fn changed_address_replaces_the_old_one() {
    let Some(lab) = start(Netlab::builder()) else {
        return;
    };
    let (a, b) = (socket(&lab, "a"), socket(&lab, "b"));
    let old = lab.address("a").unwrap();
    assert!(reaches(&a, &b) && reaches(&b, &a));

    let new = lab.change_address("a").unwrap();
    assert_eq!(lab.address("a").unwrap(), new);
    assert_ne!(new, old);
    let moved = socket(&lab, "a");
    assert!(reaches(&moved, &b) && reaches(&b, &moved));
    assert!(!reaches(&b, &a), "the old address must be gone");
    assert!(lab.enter("a", || bind(old)).unwrap().is_err(), "the interface must not keep the old address");
}

#[test]
fn address_changes_at_its_time() {
    let Some(lab) = start(Netlab::builder().change_address_at("b", ms(200))) else {
        return;
    };
    let old = lab.address("b").unwrap();
    wait_until("a new address", || lab.address("b").unwrap() != old);
    // The pump holds the wire over the whole change: who sees the new address can use it.
    assert!(reaches(&socket(&lab, "a"), &socket(&lab, "b")));
    assert!(lab.enter("b", || bind(old)).unwrap().is_err());
}

#[test]
fn programs_run_on_their_host() {
    let Some(lab) = start(Netlab::builder()) else {
        return;
    };
    let addresses = |host: &str| {
        let output = lab.command(host, "cat").unwrap().arg("/proc/self/net/fib_trie").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(addresses("a").contains("10.77.0.1\n") && !addresses("a").contains("10.77.0.2\n"));
    assert!(addresses("b").contains("10.77.0.2\n"));
    assert!(lab.command("z", "cat").is_err());
}

#[test]
fn networks_run_side_by_side() {
    let Some(one) = start(Netlab::builder()) else {
        return;
    };
    let two = Netlab::builder().start().unwrap();
    assert_ne!(one.name(), two.name());
    let (a1, b1, b2) = (socket(&one, "a"), socket(&one, "b"), socket(&two, "b"));
    assert!(reaches(&a1, &b1));
    let port = b2.local_addr().unwrap().port();
    a1.send_to(b"stray", (one.address("b").unwrap(), port)).unwrap();
    assert!(reaches(&socket(&two, "a"), &b2));
    assert_eq!(two.stats()["a>b"].packets_in, 1, "nothing may cross from one network to the other");
}

#[test]
fn nothing_is_left_after_the_end_or_a_panic() {
    let Some(lab) = start(Netlab::builder()) else {
        return;
    };
    let name = lab.name().to_owned();
    assert!(namespace_exists(&name, "a") && namespace_exists(&name, "s"));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _lab = lab;
        panic!("as a failing test would");
    }));
    assert!(panicked.is_err());
    assert!(["a", "b", "s"].iter().all(|host| !namespace_exists(&name, host)));
}

#[test]
fn what_killed_runs_left_is_removed_at_the_next_start() {
    let own_name = format!("lab{}", std::process::id());
    let Some(_named) = start(Netlab::builder().name(&own_name)) else {
        return;
    };
    // No process has this number: it is above the kernel's highest.
    let stale = "el4194305x0";
    let _stale = Netlab::builder().name(stale).start().unwrap();
    assert!(namespace_exists(stale, "a"));
    let _next = Netlab::builder().start().unwrap();
    assert!(!namespace_exists(stale, "a"));
    assert!(namespace_exists(&own_name, "a"), "what has another kind of name is somebody's");
    assert!(Netlab::builder().name(&own_name).start().is_err(), "a name is given once");
    assert!(namespace_exists(&own_name, "a"), "a refused start leaves the other network alone");
}
