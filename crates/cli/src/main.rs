//! Eyeline without a window: makes real calls with the client that the desktop program uses, and says what happened.
//!
//! ```text
//!   options --> session (sign in) --> call (place, answer) --> exit status
//!                                      |        |
//!                             instrument (Viewer)  stats lines, summary
//! ```
mod call;
mod devices;
mod doctor;
mod exit;
mod instrument;
mod options;
mod process;
mod session;
mod stats;
mod summary;

use call::Part;
use clap::Parser as _;
use exit::Exit;
use eyeline_client::config::{CameraChoice, MicrophoneChoice};
use options::{Command, Media, Options};
use std::{io::IsTerminal as _, process::ExitCode};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("EYELINE_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let options = Options::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("eyeline-cli: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("eyeline-cli: {error:#}");
            error.downcast_ref().map_or(ExitCode::FAILURE, Exit::code)
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    match options.command.clone() {
        Command::Call { peer, media } => call::run(&options, Part::Caller(peer), &media).await,
        Command::Answer { after, decline, wait, media } => {
            let part = match (decline, wait) {
                (true, _) => Part::Decline,
                (false, true) => Part::Wait,
                (false, false) => Part::Answer { after },
            };
            call::run(&options, part, &media).await
        }
        Command::Chat { peer, text, duration } => {
            let media = Media {
                camera: CameraChoice::None,
                mic: MicrophoneChoice::None,
                say: Some(text),
                duration,
                ..Media::default()
            };
            call::run(&options, Part::Caller(peer), &media).await
        }
        Command::Doctor => doctor::run(&options).await,
        Command::Devices => {
            devices::print();
            Ok(())
        }
    }
}
