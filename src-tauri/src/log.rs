//! What the program says about itself: to stderr, and to `eyeline.log` in the data folder.
//!
//! Never logged: passwords, tokens, what people write to each other. The libraries that carry them over the network may
//! print them at their lowest level, so that level is closed to them.
use std::{
    fs::{self, File},
    io::{self, IsTerminal},
    path::Path,
    sync::Mutex,
};
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt,
};

/// Overrides [`USUALLY`], in the syntax of `tracing_subscriber::EnvFilter`.
const VARIABLE: &str = "EYELINE_LOG";
/// Anybody on the network can have rtc's crates complain of a packet, which they do at `error` for each: they are not heard.
const USUALLY: &str = "warn,rtc=off,eyeline=info,eyeline_client=info,eyeline_media=info,eyeline_devices=info";
/// A log longer than this, in bytes, is put aside as `eyeline.old.log` at the next start.
const LONGEST: u64 = 1 << 20;
/// Crates that have a token or a message in their hands. tungstenite prints its handshake at `trace`, `Authorization`
/// header and all; what the others print there may change with every version of theirs.
const CARRIERS: [&str; 9] = [
    "tungstenite",
    "tokio_tungstenite",
    "hyper",
    "hyper_util",
    "hyper_rustls",
    "h2",
    "rustls",
    "reqwest",
    "tower",
];

/// Starts to log, panics included.
///
/// # Errors
/// The log cannot be written.
pub fn start(folder: &Path) -> io::Result<()> {
    let file = open(folder)?;
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(USUALLY));
    registry()
        .with(filter)
        .with(filter_fn(may_be_told))
        .with(fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr))
        .with(fmt::layer().with_ansi(false).with_writer(Mutex::new(file)))
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(())
}

/// Whatever [`VARIABLE`] asks for.
fn may_be_told(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() < Level::TRACE || !CARRIERS.contains(&library)
}

fn open(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = folder.join("eyeline.log");
    if fs::metadata(&path).is_ok_and(|log| log.len() > LONGEST) {
        fs::rename(&path, folder.join("eyeline.old.log"))?;
    }
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
