//! Running other programs, with their command line shown.
use crate::paths;
use anyhow::{Context, Result, bail};
use std::{path::Path, process::Command};

/// `cargo`, compiling into the shared target folder.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(paths::root()).env("CARGO_TARGET_DIR", paths::target());
    command
}

/// `npm`, in the UI's folder.
pub fn npm(args: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(args).current_dir(paths::ui());
    command
}

/// Any program, at the top of the checkout.
pub fn program(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(paths::root());
    command
}

/// Runs to the end; an error where it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("\n$ {shown}");
    let status = command.status().with_context(|| format!("cannot start: {shown}"))?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// Whether a program of that name is on the path.
pub fn exists(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|dir| {
        dir.join(name).is_file() || dir.join(name).with_extension(std::env::consts::EXE_EXTENSION).is_file()
    })
}

/// The command line as a person would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    std::iter::once(program)
        .chain(command.get_args().map(|a| a.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}
