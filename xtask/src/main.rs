//! The project's own commands. `cargo xtask` without a word prints them.
//!
//! ```text
//!   setup   system packages and Node packages          every other command does this first
//!   check   format, lints, docs, licences, UI types     what a reviewer asks for
//!   test    check + every test                          what CI runs
//!   demo    a server and two windows in a call
//!   bench   calls beside Chromium's, on emulated networks
//!   fuzz    random input for the decoders
//!   bundle  installer packages for this system
//!   types   the TypeScript types of the UI, from Rust
//! ```
mod bench;
mod bundle;
mod check;
mod demo;
mod fuzz;
mod packages;
mod paths;
mod run;
mod setup;
mod speech;
mod tally;
mod test;
mod types;
mod ui;

use anyhow::{Result, bail};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  demo [--auto] [--release]   a server and two windows, signed in as two people; --auto places the call by itself
  test [FILTER]               everything that CI checks; with FILTER only the whole-system tests of that name
  check                       formatting, lints, documentation, licences, the UI's types
  setup [--test]              install the system and Node packages that the other commands need
  types                       write the UI's TypeScript types from the Rust ones
  bench call [--help]         calls of ours beside Chromium's on emulated networks; tables and plots
  fuzz [SECONDS]              random input for the decoders, a minute each
  bundle                      installer packages for this system
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(args: &[String]) -> Result<()> {
    let (command, rest) = args.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let wants_help = command == "help" || args.iter().any(|word| matches!(word.as_str(), "--help" | "-h"));
    match command {
        // It has options of its own to explain.
        "bench" => bench::bench(rest),
        _ if wants_help || args.is_empty() => {
            print!("{HELP}");
            Ok(())
        }
        "demo" => demo::demo(rest),
        "test" => test::test(rest),
        "check" => {
            setup::for_tests()?;
            check::check(&mut tally::Tally::default())
        }
        "setup" if rest.iter().any(|a| a == "--test") => setup::for_tests(),
        "setup" => setup::for_building(),
        "fuzz" => fuzz::fuzz(rest),
        "types" => types::generate(),
        "bundle" => bundle::bundle(),
        other => bail!("no command {other:?}\n\n{HELP}"),
    }
}
