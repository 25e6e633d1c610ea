//! `eyeline-netlab`: runs a command while an emulated network is up.
//!
//! ```text
//! eyeline-netlab --hosts a,b,s --profile mbps1 -- ./measure.sh
//! ```
//! In the command, a program is started on a host by `ip netns exec $EYELINE_NETLAB-a PROGRAM`. The exit
//! status is the command's.
#[cfg(target_os = "linux")]
mod cli;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("eyeline-netlab: needs Linux");
    std::process::ExitCode::FAILURE
}
