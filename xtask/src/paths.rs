//! Where things are.
use std::{
    env,
    path::{Path, PathBuf},
};

/// The top of the checkout.
#[expect(clippy::expect_used, reason = "a fixed place below the top")]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the checkout").to_path_buf()
}

/// The UI's folder.
pub fn ui() -> PathBuf {
    root().join("ui")
}

/// What tests leave for people to look at: screenshots, logs.
pub fn artifacts() -> PathBuf {
    root().join("artifacts")
}

/// This user's cache for the project, shared by all its checkouts.
pub fn cache() -> PathBuf {
    let base = env::var_os("XDG_CACHE_HOME")
        .or_else(|| env::var_os("LOCALAPPDATA"))
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(env::temp_dir);
    base.join("eyeline")
}

/// Compiled code: `CARGO_TARGET_DIR`, else in the cache, so that a fresh clone finds its dependencies compiled.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| cache().join("target"), PathBuf::from)
}

/// A program that this workspace builds.
pub fn binary(name: &str, release: bool) -> PathBuf {
    let profile = if release { "release" } else { "debug" };
    target().join(profile).join(name).with_extension(env::consts::EXE_EXTENSION)
}
