//! The program `eyeline-netlab`.
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use eyeline_netlab::Netlab;

use super::*;

fn netlab(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eyeline-netlab"));
    command.args(arguments);
    command
}

#[test]
fn command_sees_the_network_and_gives_its_exit_status() {
    let Some(_turn) = start(Netlab::builder()) else {
        return;
    };
    let stats = std::env::temp_dir().join(format!("netlab-stats-{}.json", std::process::id()));
    let script = "test -e /run/netns/$EYELINE_NETLAB-a && test -e /run/netns/$EYELINE_NETLAB-b && exit 7";
    let mut command = netlab(&["--hosts", "a,b", "--profile", "good", "--stats"]);
    let status = command.arg(&stats).args(["--", "sh", "-c", script]).status().unwrap();
    assert_eq!(status.code(), Some(7));
    let counters = std::fs::read_to_string(&stats).unwrap();
    std::fs::remove_file(stats).unwrap();
    assert!(counters.contains(r#""a>b""#) && counters.contains(r#""queue_drop": 0"#), "{counters}");
}

#[test]
fn restart_file_is_taken_and_termination_is_passed_on() {
    let Some(_turn) = start(Netlab::builder()) else {
        return;
    };
    let restart = std::env::temp_dir().join(format!("netlab-restart-{}", std::process::id()));
    let script = "trap 'exit 9' TERM; echo $EYELINE_NETLAB; while :; do read -r _ || :; done";
    let mut command = netlab(&["--restart-file"]);
    command.arg(&restart).args(["--", "sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut name = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut name).unwrap();
    std::fs::write(&restart, "").unwrap();
    wait_until("the restart file to be taken", || !restart.exists());

    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    let mut status = None;
    wait_until("the end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(9));
    let first = format!("/run/netns/{}-a", name.trim());
    assert!(!std::path::Path::new(&first).exists());
}

#[test]
fn profiles_are_listed_with_what_they_change() {
    let output = netlab(&["--list"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    assert_eq!(list.lines().count(), 13);
    assert!(list.contains(r#"loss10         {"delay_ms":50.0,"loss_pct":10.0}"#), "{list}");
}
