//! Speech through a call, scored: PESQ in its wideband form (ITU-T P.862.2, 1 to 4.6) and STOI (Taal and others 2011, 0
//! to 1).
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{ffi::OsString, path::Path, process::Command};

/// A Python that has what the script imports: `cargo xtask bench` makes one and names it here.
const PYTHON: &str = "EYELINE_BENCH_PYTHON";
const SCRIPT: &str = include_str!("speech.py");
/// About half a minute, with all sounds of English.
const TEXT: &str = "The birch canoe slid on the smooth planks. Can you hear me on the other side of the network? \
    Glue the sheet to the dark blue background. Four hours of steady work faced us. My telephone number is five, seven, \
    three, zero, nine. A large size in stockings is hard to sell. The boy was there when the sun rose. Please measure \
    the garage before you choose a vehicle. These days a chicken leg is a rare dish. Rice is often served in round \
    bowls. We shall think about it on Thursday. The juice of lemons makes fine punch.";
/// Silence before the speech, in which a call connects and its jitter buffers settle.
const BEFORE_S: u32 = 3;
/// What is left of the call after it.
const AFTER_S: u32 = 2;
/// Silence after it: beyond the end of the call, since a microphone does not end before that.
const SILENCE_S: u32 = 12;

/// Writes speech for a call of so many seconds: 48 kHz, mono, 16 bit.
///
/// # Errors
/// Where the programs that make it are not there.
pub fn write(seconds: u32, to: &Path) -> Result<()> {
    const SYNTHESIS: &str = r#"espeak-ng --stdout "$1" |
        sox -t wav - -r 48000 -c 1 -b 16 "$2" norm -6 repeat 20 trim 0 "$3" pad "$4" "$5""#;
    let [spoken_s, before_s, silence_s] =
        [seconds.saturating_sub(BEFORE_S + AFTER_S), BEFORE_S, SILENCE_S].map(|s| s.to_string());
    let made = Command::new("sh")
        .args(["-c", SYNTHESIS, "sh", TEXT])
        .arg(to)
        .args([spoken_s, before_s, silence_s])
        .output()?;
    if !made.status.success() {
        bail!("no speech (packages espeak-ng and sox): {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(())
}

/// What became of it: `pesq` and `stoi`, each with `mean` and `worst` of its pieces.
///
/// # Errors
/// Where the script fails.
pub fn score(said: &Path, heard: &Path) -> Result<Value> {
    let python = std::env::var_os(PYTHON).unwrap_or_else(|| OsString::from("python3"));
    let judged = Command::new(python).args(["-c", SCRIPT]).args([said, heard]).output()?;
    if !judged.status.success() {
        bail!("{} is not scored: {}", heard.display(), String::from_utf8_lossy(&judged.stderr));
    }
    serde_json::from_slice(&judged.stdout).context("the script prints JSON")
}
