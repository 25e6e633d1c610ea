//! What the program says about itself: to stderr, and to `eyeline.log` in the data folder.
//!
//! Never logged: passwords, tokens, what people write to each other.
use std::{
    fs::{self, File},
    io::{self, IsTerminal},
    path::Path,
    sync::Mutex,
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Overrides [`USUALLY`], in the syntax of `tracing_subscriber::EnvFilter`.
const VARIABLE: &str = "EYELINE_LOG";
const USUALLY: &str = "warn,eyeline=info,eyeline_client=info,eyeline_media=info,eyeline_devices=info";
/// A log longer than this, in bytes, is put aside as `eyeline.old.log` at the next start.
const LONGEST: u64 = 1 << 20;

/// Starts to log, panics included.
///
/// # Errors
/// The log cannot be written.
pub fn start(folder: &Path) -> io::Result<()> {
    let file = open(folder)?;
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(USUALLY));
    tracing_subscriber::registry()
        .with(filter)
        .with(fmt::layer().with_ansi(io::stderr().is_terminal()).with_writer(io::stderr))
        .with(fmt::layer().with_ansi(false).with_writer(Mutex::new(file)))
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(())
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
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_log_goes_on_where_it_was_until_it_is_long() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (log, old) = (folder.path().join("eyeline.log"), folder.path().join("eyeline.old.log"));
        open(folder.path())?.write_all(b"first ")?;
        open(folder.path())?.write_all(b"second")?;
        assert_eq!(fs::read_to_string(&log)?, "first second");
        File::options().append(true).open(&log)?.set_len(LONGEST + 1)?;
        open(folder.path())?;
        assert_eq!((fs::metadata(log)?.len(), fs::metadata(old)?.len()), (0, LONGEST + 1));
        Ok(())
    }
}
