//! The command line.
use std::{path::PathBuf, time::Duration};

use clap::Parser;
use eyeline_netlab::Profile;

/// Run a command while an emulated network between a few hosts is up.
///
/// The hosts are network namespaces with the addresses 10.77.0.1, 10.77.0.2 and so on; the command finds the
/// first part of their names in EYELINE_NETLAB: `ip netns exec $EYELINE_NETLAB-a PROGRAM` runs on host a.
/// Profile and schedule hold between the hosts a and b, each way by itself. Linux, as root.
#[derive(Debug, Parser)]
#[command(name = "eyeline-netlab")]
pub(super) struct Options {
    /// Names of the hosts.
    #[arg(long, value_delimiter = ',', default_value = "a,b,s")]
    pub(super) hosts: Vec<String>,
    /// The path between a and b (see --list).
    #[arg(long, default_value_t = Profile::Perfect)]
    pub(super) profile: Profile,
    /// A JSON file of steps, [{"at": 0, "profile": "good"}, {"at": 20, "rate_kbps": 300}], instead.
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub(super) schedule: Option<PathBuf>,
    /// Impair only what a sends to b; the way back has the delay alone.
    #[arg(long)]
    pub(super) one_way: bool,
    /// Delay in ms each way of every path but that between a and b.
    #[arg(long, value_name = "MS", default_value = "10", value_parser = milliseconds)]
    pub(super) server_delay: Duration,
    /// Drop what goes directly between two hosts (repeatable).
    #[arg(long, value_name = "X:Y", value_parser = pair)]
    pub(super) block: Vec<(String, String)>,
    /// Drop all UDP of a host (repeatable).
    #[arg(long, value_name = "X")]
    pub(super) udp_block: Vec<String>,
    /// Move a host to a new address at a time on the schedule's clock (repeatable).
    #[arg(long, value_name = "HOST@SECONDS", value_parser = change)]
    pub(super) change_address: Vec<(String, Duration)>,
    /// Same seed, same chance.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Write the counters of every direction to this file at the end, as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) stats: Option<PathBuf>,
    /// When this file appears it is deleted, and the schedule's clock starts again at 0.
    #[arg(long, value_name = "FILE")]
    pub(super) restart_file: Option<PathBuf>,
    /// The first part of the namespaces' names, instead of a new one for each run.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Print the profiles and exit.
    #[arg(long)]
    pub(super) list: bool,
    /// The command and its arguments.
    #[arg(last = true, required_unless_present = "list", value_name = "CMD")]
    pub(super) command: Vec<String>,
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let ms: f64 = text.parse().map_err(|_| "not a number")?;
    Duration::try_from_secs_f64(ms / 1000.0).map_err(|error| error.to_string())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (x, y) = text.split_once(':').ok_or("two hosts, as X:Y")?;
    Ok((x.to_owned(), y.to_owned()))
}

fn change(text: &str) -> Result<(String, Duration), String> {
    let (host, seconds) = text.split_once('@').ok_or("a host and a time, as HOST@SECONDS")?;
    let seconds: f64 = seconds.parse().map_err(|_| "the time is not a number")?;
    let at = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    Ok((host.to_owned(), at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_read() {
        let line = "netlab --hosts a,b --profile wifi_busy --one-way --server-delay 2.5 --block a:b --udp-block a \
                    --change-address b@1.5 --seed 7 --stats s.json --restart-file r --name em -- run --list";
        let options = Options::try_parse_from(line.split_whitespace()).unwrap();
        assert_eq!(options.hosts, ["a", "b"]);
        assert_eq!((options.profile, options.one_way, options.seed), (Profile::WifiBusy, true, 7));
        assert_eq!(options.server_delay, Duration::from_micros(2500));
        assert_eq!(options.block, [("a".to_owned(), "b".to_owned())]);
        assert_eq!(options.change_address, [("b".to_owned(), Duration::from_millis(1500))]);
        assert_eq!(options.command, ["run", "--list"]);
        assert!(!options.list);
    }

    #[test]
    fn wrong_values_and_a_missing_command_are_refused() {
        for line in ["n", "n --profile dsl -- x", "n --block ab -- x", "n --change-address a@-1 -- x"] {
            assert!(Options::try_parse_from(line.split_whitespace()).is_err(), "{line}");
        }
        assert!(Options::try_parse_from(["n", "--list"]).is_ok());
    }
}
