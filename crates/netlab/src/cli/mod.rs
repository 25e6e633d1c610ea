//! Options to a network, a network around a command.
mod options;
mod run;

use std::process::ExitCode;

use clap::Parser;
use eyeline_netlab::{Link, NetlabError, Profile, ScheduleError};

use options::Options;

/// What keeps the command from being run to its end.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Netlab(#[from] NetlabError),
    #[error("{file}: {source}")]
    File { file: String, source: std::io::Error },
    #[error("{file}: {source}")]
    Schedule { file: String, source: ScheduleError },
    #[error("cannot wait for signals: {0}")]
    Signals(std::io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

pub(crate) fn main() -> ExitCode {
    let options = Options::parse();
    let done = if options.list { list().map(|()| 0) } else { run::run(&options) };
    match done {
        Ok(status) => status.into(),
        Err(error) => {
            eprintln!("eyeline-netlab: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints every profile with the keys in which it is not perfect.
fn list() -> Result<(), CliError> {
    let perfect = serde_json::to_value(Link::PERFECT)?;
    for profile in Profile::ALL {
        let mut link = serde_json::to_value(profile.link())?;
        if let Some(keys) = link.as_object_mut() {
            keys.retain(|key, value| perfect[key] != *value);
        }
        println!("{profile:14} {link}");
    }
    Ok(())
}
