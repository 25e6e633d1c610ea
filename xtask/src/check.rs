//! Formatting, lints, documentation, licences, the UI's types: everything short of running the program.
use crate::{
    paths,
    run::{cargo, npm, run},
    tally::Tally,
    types,
};
use anyhow::Result;
use std::path::PathBuf;

/// The licence checker, at the version that this project's `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";

/// Runs every check, whether or not one before failed.
pub fn steps(tally: &mut Tally) {
    tally.step("formatting", || run(&mut cargo(&["fmt", "--all", "--check"])));
    tally.step("generated types are fresh", types::assert_fresh);
    tally.step("UI: types", || run(&mut npm(&["run", "check"])));
    tally.step("UI: lints", || run(&mut npm(&["run", "lint"])));
    tally.step("clippy", || {
        run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    tally.step("documentation", || {
        run(cargo(&["doc", "--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings"))
    });
    tally.step("licences and sources", licences);
}

/// As a command of its own.
pub fn check(tally: &mut Tally) -> Result<()> {
    crate::ui::build()?;
    steps(tally);
    std::mem::take(tally).into_result()
}

/// Licences, banned crates and sources. Advisories need a database from the network and are left to `cargo deny` by hand.
fn licences() -> Result<()> {
    let deny = tool("cargo-deny", CARGO_DENY)?;
    let mut command = std::process::Command::new(deny);
    command.args(["check", "licenses", "bans", "sources"]).current_dir(paths::root());
    run(&mut command)
}

/// A Rust program from crates.io, compiled once into the cache; not optimised, which would take twice as long.
pub fn tool(name: &str, version: &str) -> Result<PathBuf> {
    let home = paths::cache().join("tools").join(format!("{name}-{version}"));
    let program = home.join("bin").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !program.is_file() {
        let home = home.to_string_lossy();
        run(cargo(&["install", "--locked", "--debug", "--version", version, "--root", &home, name])
            .env("CARGO_PROFILE_DEV_DEBUG", "false"))?;
    }
    Ok(program)
}
