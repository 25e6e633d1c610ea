//! A network, a command in it, and what happens to either until the command ends.
use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, ExitStatus},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use eyeline_netlab::{Netlab, Schedule};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use super::{CliError, options::Options};

/// How often to look for the restart file.
const RESTART_POLL: Duration = Duration::from_millis(10);
/// Signals not yet looked at; the same ones again say nothing new.
const SIGNAL_QUEUE: usize = 16;

/// Runs the command; returns its exit status, as a shell would say it.
pub(super) fn run(options: &Options) -> Result<u8, CliError> {
    let netlab = build(options)?;
    let signals = listen().map_err(CliError::Signals)?;
    eprintln!("netlab: up ({}-{})", netlab.name(), options.hosts.join(","));
    let mut child = Command::new(&options.command[0])
        .args(&options.command[1..])
        .env("EYELINE_NETLAB", netlab.name())
        .spawn()
        .map_err(|source| CliError::File { file: options.command[0].clone(), source })?;
    let status = supervise(&netlab, &mut child, &signals, options.restart_file.as_deref())?;
    if let Some(file) = &options.stats {
        write(file, &serde_json::to_string_pretty(&netlab.stats())?)?;
    }
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}

fn build(options: &Options) -> Result<Netlab, CliError> {
    let mut builder = Netlab::builder()
        .hosts(&options.hosts)
        .schedule(schedule(options)?)
        .one_way(options.one_way)
        .server_delay(options.server_delay)
        .seed(options.seed);
    for (x, y) in &options.block {
        builder = builder.block(x, y);
    }
    for host in &options.udp_block {
        builder = builder.udp_block(host);
    }
    for (host, at) in &options.change_address {
        builder = builder.change_address_at(host, *at);
    }
    if let Some(name) = &options.name {
        builder = builder.name(name);
    }
    Ok(builder.start()?)
}

fn schedule(options: &Options) -> Result<Schedule, CliError> {
    let Some(path) = &options.schedule else {
        return Ok(options.profile.into());
    };
    let file = || path.display().to_string();
    let json = fs::read_to_string(path).map_err(|source| CliError::File { file: file(), source })?;
    json.parse().map_err(|source| CliError::Schedule { file: file(), source })
}

/// Signals as messages, from before the command starts: none is missed.
fn listen() -> std::io::Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGTERM])?;
    let (sender, receiver): (SyncSender<i32>, _) = sync_channel(SIGNAL_QUEUE);
    thread::Builder::new().name("signals".into()).spawn(move || {
        signals.forever().take_while(|&signal| sender.send(signal).is_ok()).for_each(drop);
    })?;
    Ok(receiver)
}

/// Waits for the command's end, passes on what asks it to end, and restarts the schedule.
fn supervise(
    netlab: &Netlab,
    child: &mut Child,
    signals: &Receiver<i32>,
    restart_file: Option<&Path>,
) -> Result<ExitStatus, CliError> {
    loop {
        let signal = match restart_file {
            Some(_) => signals.recv_timeout(RESTART_POLL),
            None => signals.recv().map_err(RecvTimeoutError::from),
        };
        if matches!(signal, Ok(SIGHUP | SIGINT | SIGTERM)) {
            // It may have ended this very moment.
            kill_process(Pid::from_child(child), Signal::TERM).ok();
        }
        if let Some(status) = child.try_wait().map_err(CliError::Signals)? {
            return Ok(status);
        }
        if restart_file.is_some_and(|file| fs::remove_file(file).is_ok()) {
            netlab.restart_schedule()?;
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|source| CliError::File { file: path.display().to_string(), source })
}
