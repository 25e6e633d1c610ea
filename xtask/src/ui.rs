//! The UI's own build and checks.
use crate::{
    paths,
    run::{npm, run},
};
use anyhow::Result;
use std::{fs, io, path::Path, time::SystemTime};

/// `ui/dist`, which the desktop program embeds; left alone where nothing changed, for a new one compiles that program
/// anew.
pub fn build() -> Result<()> {
    let built = fs::metadata(paths::ui().join("dist").join("index.html")).and_then(|page| page.modified());
    if built.is_ok_and(|built| sources_changed().is_ok_and(|changed| changed < built)) {
        return Ok(());
    }
    run(&mut npm(&["run", "build"]))
}

/// When any source of the UI was last touched.
fn sources_changed() -> io::Result<SystemTime> {
    let mut newest = newest_below(&paths::ui().join("src"))?;
    for entry in fs::read_dir(paths::ui())? {
        let metadata = entry?.metadata()?;
        if metadata.is_file() {
            newest = newest.max(metadata.modified()?);
        }
    }
    Ok(newest)
}

fn newest_below(folder: &Path) -> io::Result<SystemTime> {
    // A file that is gone touches its folder.
    let mut newest = fs::metadata(folder)?.modified()?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // The generated types, written anew by every check, leave no trace in what is built.
        if entry.file_name() == "types" {
            continue;
        }
        let changed = match entry.file_type()?.is_dir() {
            true => newest_below(&entry.path())?,
            false => entry.metadata()?.modified()?,
        };
        newest = newest.max(changed);
    }
    Ok(newest)
}
