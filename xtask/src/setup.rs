//! Brings a fresh machine to where the project builds: system packages, Node, Node packages.
use crate::{
    packages::{MANAGERS, Manager, WINDOWS_NEEDS},
    paths,
    run::{exists, npm, run},
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    process::{Command, Stdio},
};

/// Oldest Node.js that the UI's tools run on.
const NODE_MIN: u32 = 18;

/// What building and running needs.
pub fn for_building() -> Result<()> {
    system(false)?;
    node_packages()
}

/// What the tests need on top.
pub fn for_tests() -> Result<()> {
    system(true)?;
    node_packages()
}

fn system(tests: bool) -> Result<()> {
    if cfg!(windows) {
        println!("{WINDOWS_NEEDS}");
        return Ok(());
    }
    let Some(manager) = MANAGERS.iter().find(|m| exists(m.program)) else {
        bail!(
            "none of the package managers apt-get, dnf, pacman and brew is here; xtask/src/packages.rs lists what is needed"
        );
    };
    let mut wanted: Vec<&str> = manager.build.to_vec();
    if tests {
        wanted.extend(manager.test);
    }
    if manager.program == "apt-get" && node_version().is_none_or(|v| v < NODE_MIN) {
        wanted.extend(["nodejs", "npm"]);
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|package| !installed(manager, package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing: {}", missing.join(" "));
    if let Some(refresh) = manager.refresh {
        run(&mut privileged(manager, refresh)?)?;
    }
    let mut install = privileged(manager, manager.install)?;
    run(install.args(&missing)).context("the system packages could not be installed")
}

fn installed(manager: &Manager, package: &str) -> bool {
    let [program, words @ ..] = manager.installed else {
        return false;
    };
    Command::new(program)
        .args(words)
        .arg(package)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|out| {
            // A removed package of which settings remain is known to dpkg, but not there.
            out.status.success() && !String::from_utf8_lossy(&out.stdout).contains("deinstall ok")
        })
}

/// The package manager's command, through `sudo` where it needs root and we are not.
fn privileged(manager: &Manager, words: &[&str]) -> Result<Command> {
    let mut command = if !manager.root || is_root() {
        Command::new(manager.program)
    } else if exists("sudo") {
        let mut sudo = Command::new("sudo");
        sudo.arg(manager.program);
        sudo
    } else {
        bail!("{} needs root, and there is no sudo here", manager.program);
    };
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive").current_dir(paths::root());
    Ok(command)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}

fn node_version() -> Option<u32> {
    let out = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?;
    text.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// `npm ci`, unless what is there already matches the lock file.
fn node_packages() -> Result<()> {
    let lock = fs::read(paths::ui().join("package-lock.json")).context("ui/package-lock.json is missing")?;
    let stamp = paths::ui().join("node_modules").join(".eyeline-lock");
    if fs::read(&stamp).is_ok_and(|stamped| stamped == lock) {
        return Ok(());
    }
    run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    Ok(fs::write(stamp, lock)?)
}
