//! Installer packages for the system that this runs on.
use crate::{
    paths,
    run::{npm, run},
    setup,
};
use anyhow::Result;

/// deb, rpm and AppImage on Linux; dmg on macOS; NSIS and MSI on Windows. The server is a plain binary beside them.
pub fn bundle() -> Result<()> {
    setup::for_building()?;
    run(&mut crate::run::cargo(&["build", "--release", "-p", "eyeline-server", "-p", "eyeline-cli"]))?;
    run(npm(&["exec", "--", "tauri", "build"])
        .current_dir(paths::root().join("src-tauri"))
        .env("CARGO_TARGET_DIR", paths::target()))?;
    println!("\nPackages: {}", paths::target().join("release").join("bundle").display());
    Ok(())
}
