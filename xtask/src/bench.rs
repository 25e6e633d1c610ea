//! Benchmarks of optimised programs, beside peers that run in the same session.
use crate::{
    paths,
    run::{cargo, run},
    setup, speech, ui,
};
use anyhow::{Result, bail};

/// `call`: with the options of that benchmark, which `--help` shows.
pub fn bench(args: &[String]) -> Result<()> {
    let Some(("call", options)) = args.split_first().map(|(name, rest)| (name.as_str(), rest)) else {
        bail!("there is one benchmark: call");
    };
    setup::for_tests()?;
    ui::build()?;
    run(&mut cargo(&["build", "--release", "-p", "eyeline-server", "-p", "eyeline-cli", "-p", "eyeline"]))?;
    let mut bench = cargo(&["bench", "-p", "eyeline-tests", "--bench", "call", "--"]);
    bench
        .args(options)
        .env("EYELINE_BIN", paths::target().join("release"))
        .env("EYELINE_ARTIFACTS", paths::artifacts());
    if options.iter().any(|option| option == "--speech") {
        bench.env("EYELINE_BENCH_PYTHON", speech::python()?);
    }
    run(&mut bench)
}
