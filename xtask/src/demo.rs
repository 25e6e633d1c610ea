//! A server and two windows, signed in as two people, ready to call.
use crate::{
    paths,
    run::{cargo, run, shown},
    setup, ui,
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// The two people.
const PEOPLE: [Person; 2] = [
    Person { name: "ada", title: "Eyeline: Ada", position: "40,60" },
    Person { name: "grace", title: "Eyeline: Grace", position: "740,60" },
];
/// One password for both; the server of the demo lasts as long as the demo.
const PASSWORD: &str = "demo password";
const WINDOW: &str = "680x560";

struct Person {
    name: &'static str,
    title: &'static str,
    position: &'static str,
}

/// Stops its process when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs until both windows are closed. `--auto` places and accepts the call; `--release` builds optimised.
pub fn demo(args: &[String]) -> Result<()> {
    let auto = args.iter().any(|a| a == "--auto");
    let release = args.iter().any(|a| a == "--release");
    if let Some(unknown) = args.iter().find(|a| !matches!(a.as_str(), "--auto" | "--release")) {
        bail!("no option {unknown:?}; there are --auto and --release");
    }
    setup::for_building()?;
    ui::build()?;
    let mut build = vec!["build", "--workspace", "--bins"];
    if release {
        build.push("--release");
    }
    run(&mut cargo(&build))?;
    let screen = has_no_display().then(virtual_display).transpose()?;
    let home = fresh_home()?;
    let (_server, address) = server(release, &home)?;
    let media = devices(release);
    println!(
        "\nThe server is at {address}. From another machine on this network, point Eyeline at this machine's"
    );
    println!("address with that port and create an account. Close both windows to end the demo.\n");
    let windows = PEOPLE.iter().enumerate().map(|(i, person)| {
        let mut command = Command::new(paths::binary("eyeline", release));
        command
            .args(["--server", &address, "--user", person.name, "--register"])
            .args(["--title", person.title, "--position", person.position, "--size", WINDOW])
            .env("EYELINE_PASSWORD", PASSWORD)
            .env("EYELINE_DATA_DIR", home.join(person.name))
            .args(media.iter().copied());
        if let Some((_, display)) = &screen {
            command.env("DISPLAY", display);
        }
        if auto && i == 0 {
            command.args(["--call", PEOPLE[1].name]);
        } else if auto {
            command.arg("--auto-accept");
        }
        let shown = shown(&command);
        command.spawn().map(Running).with_context(|| format!("cannot start: {shown}"))
    });
    for window in windows.collect::<Result<Vec<_>>>()?.iter_mut() {
        window.0.wait()?;
    }
    Ok(())
}

fn has_no_display() -> bool {
    let unset = |name: &&str| std::env::var_os(*name).is_none_or(|value| value.is_empty());
    cfg!(target_os = "linux") && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(unset)
}

/// An X server that shows its picture to nobody, on a free display; with the name of that.
fn virtual_display() -> Result<(Running, String)> {
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1460x700x24", "-nolisten", "tcp"]);
    let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = started.context("there is no display here, and no Xvfb to make one")?;
    let out = child.stdout.take().context("the output of Xvfb")?;
    let running = Running(child);
    let number = BufReader::new(out).lines().next().context("Xvfb found no free display")??;
    let display = format!(":{}", number.trim());
    println!(
        "\nThere is no display here: the windows are on the virtual display {display}. To look at them:"
    );
    println!("  DISPLAY={display} import -window root demo.png");
    Ok((running, display))
}

/// An empty folder for the demo's server and people.
fn fresh_home() -> Result<PathBuf> {
    let home = paths::cache().join("demo");
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("cannot clear {}", home.display()))?;
    }
    fs::create_dir_all(&home)?;
    Ok(home)
}

/// The server on its usual port, or on a free one where that is taken; with its address for this machine.
fn server(release: bool, home: &std::path::Path) -> Result<(Running, String)> {
    let usual_is_free = std::net::TcpListener::bind("0.0.0.0:8000").is_ok();
    let listen = if usual_is_free { "0.0.0.0:8000" } else { "0.0.0.0:0" };
    let mut command = Command::new(paths::binary("eyeline-server", release));
    command.args(["--listen", listen]).env("EYELINE_DATA_DIR", home.join("server")).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start eyeline-server")?;
    let out = child.stdout.take().context("the server's output")?;
    let running = Running(child);
    for line in BufReader::new(out).lines() {
        let line = line?;
        println!("{line}");
        if let Some(port) =
            line.strip_prefix("eyeline-server: listening on ").and_then(|a| a.rsplit(':').next())
        {
            return Ok((running, format!("http://127.0.0.1:{port}")));
        }
    }
    bail!("the server ended before it listened")
}

/// Real devices where there are any, else the test card and the tone.
fn devices(release: bool) -> Vec<&'static str> {
    let listing = Command::new(paths::binary("eyeline-cli", release)).arg("devices").output();
    let listing = listing.map(|out| String::from_utf8_lossy(&out.stdout).into_owned()).unwrap_or_default();
    let found = |kind: &str| {
        listing
            .split(&format!("\"{kind}\""))
            .nth(1)
            .is_some_and(|rest| !rest.trim_start_matches([':', ' ']).starts_with("[]"))
    };
    vec![
        "--camera",
        if found("cameras") { "device" } else { "testcard:640x480@30" },
        "--mic",
        if found("microphones") { "device" } else { "tone" },
        "--speaker",
        if found("speakers") { "device" } else { "null" },
    ]
}
