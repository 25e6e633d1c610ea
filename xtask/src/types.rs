//! TypeScript types for the UI, generated from the Rust types that it meets.
use crate::{
    paths,
    run::{cargo, program, run},
};
use anyhow::{Result, bail};

/// Where they lie, below the top of the checkout.
const FOLDER: &str = "ui/src/types";

/// Writes them. Over the whole workspace, so that nothing is compiled with other features than for the tests.
pub fn generate() -> Result<()> {
    run(cargo(&["test", "--quiet", "--workspace", "--lib", "export_bindings"])
        .env("TS_RS_EXPORT_DIR", paths::root().join(FOLDER)))
}

/// Writes them anew; an error where that changed anything that is committed.
pub fn assert_fresh() -> Result<()> {
    generate()?;
    let status = program("git", &["status", "--porcelain", "--", FOLDER]).output()?;
    if !status.stdout.is_empty() {
        bail!(
            "the UI's types were stale; they have been written anew, please commit them:\n{}",
            String::from_utf8_lossy(&status.stdout)
        );
    }
    Ok(())
}
