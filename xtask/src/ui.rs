//! The UI's own build and checks.
use crate::run::{npm, run};
use anyhow::Result;

/// `ui/dist`, which the desktop program embeds.
pub fn build() -> Result<()> {
    run(&mut npm(&["run", "build"]))
}
