//! Fuzzing of the decoders, with the stable compiler: libFuzzer needs coverage counters, which LLVM makes when asked.
use crate::{
    paths,
    run::{cargo, run},
};
use anyhow::{Result, bail};
use std::{fs, process::Command};

/// The targets in `crates/protocol/fuzz`.
const TARGETS: [&str; 3] = ["signal", "channel", "event"];

/// What cargo-fuzz passes, but for the sanitizer, which needs nightly: the crate has no unsafe code to look into.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// `[SECONDS]` for each target, a minute where absent. Findings and what was learnt lie in the cache.
pub fn fuzz(args: &[String]) -> Result<()> {
    let seconds: u32 = match args {
        [] => 60,
        [seconds] => seconds.parse()?,
        _ => bail!("cargo xtask fuzz [SECONDS]"),
    };
    let (built, host) = (paths::cache().join("fuzz"), host()?);
    // With a target named, build scripts and macros are spared the flags.
    run(cargo(&["build", "--release", "--target", &host])
        .current_dir(paths::root().join("crates/protocol/fuzz"))
        .env("CARGO_TARGET_DIR", built.join("target"))
        .env("RUSTFLAGS", FLAGS))?;
    for target in TARGETS {
        let corpus = built.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        run(Command::new(built.join("target").join(&host).join("release").join(target))
            .arg(&corpus)
            .args([&format!("-max_total_time={seconds}"), "-max_len=4096", "-verbosity=0"])
            .current_dir(&built))?;
    }
    Ok(())
}

/// The triple of this machine.
fn host() -> Result<String> {
    let out = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    match text.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("rustc does not name its host"),
    }
}
