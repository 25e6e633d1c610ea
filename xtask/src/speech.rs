//! The Python that scores speech: an environment of its own in the cache, made when a benchmark first asks for it.
use crate::{
    paths,
    run::{exists, run},
};
use anyhow::{Context as _, Result, bail};
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

/// What `tests/bench/call/speech.py` imports. The scores are pinned; what they calculate with need only suit the Python.
const PACKAGES: [&str; 4] = ["pesq==0.0.4", "pystoi==0.4.1", "numpy>=2", "scipy>=1.13"];

/// Its interpreter.
pub fn python() -> Result<PathBuf> {
    let folder = paths::cache().join("speech-scores");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let ready = || {
        let mut asked = Command::new(&python);
        asked.args(["-c", "import pesq, pystoi, scipy"]).stdout(Stdio::null()).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    };
    if !ready() {
        let Some(system) = ["python3", "python"].into_iter().find(|name| exists(name)) else {
            bail!("scores of speech are calculated by Python 3, which is not here");
        };
        let needs = "on Debian the packages python3-venv, python3-dev and gcc are needed";
        run(Command::new(system).args(["-m", "venv"]).arg(&folder)).context(needs)?;
        let mut pip = Command::new(&python);
        run(pip.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES)).context(needs)?;
    }
    Ok(python)
}
