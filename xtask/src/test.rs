//! Every test, in the order in which failures are cheapest to learn of.
use crate::{
    check, fuzz, paths,
    run::{cargo, npm, run},
    setup,
    tally::Tally,
    ui,
};
use anyhow::{Result, bail};
use std::fs;

/// Drives the real window in the whole-system tests.
const TAURI_DRIVER: &str = "2.1.0";

/// For each decoder: enough to fall over what a change has broken.
const FUZZ_SECONDS: &str = "5";

/// Runs everything, or with a name only the whole-system tests that contain it.
pub fn test(args: &[String]) -> Result<()> {
    setup::for_tests()?;
    fs::create_dir_all(paths::artifacts())?;
    let mut tally = Tally::default();
    tally.step("UI: build", ui::build);
    if args.is_empty() {
        check::steps(&mut tally);
        tally.step("UI: tests", || run(&mut npm(&["run", "test"])));
        tally.step("UI: every screen", || run(&mut npm(&["run", "shots"])));
        tally.rust_tests("crates", &mut cargo(&["test", "--workspace", "--no-fail-fast"]));
        tally.step("fuzzing", || fuzz::fuzz(&[FUZZ_SECONDS.to_owned()]));
    }
    whole_system(&mut tally, args);
    if tally.close() { Ok(()) } else { bail!("not everything passed") }
}

/// One test at a time: they measure time, and the machine may be small.
fn whole_system(tally: &mut Tally, filter: &[String]) {
    let driver = match check::tool("tauri-driver", TAURI_DRIVER) {
        Ok(driver) => driver,
        Err(error) => return tally.step("tauri-driver", || Err(error)),
    };
    // With `--tests`, so that dependencies are compiled with the features that the tests have them with, and only once.
    tally.step("programs", || run(&mut cargo(&["build", "--workspace", "--bins", "--tests"])));
    let mut command = cargo(&["test", "--workspace", "--test", "system", "--no-fail-fast", "--"]);
    command
        .args(filter)
        .arg("--test-threads=1")
        .env("EYELINE_BIN", paths::target().join("debug"))
        .env("EYELINE_ARTIFACTS", paths::artifacts())
        .env("EYELINE_TAURI_DRIVER", driver);
    tally.rust_tests("whole system", &mut command);
}
