//! A virtual screen for one person's windows.
use crate::process::Process;
use std::{process::Command, time::Duration};

const START_LIMIT: Duration = Duration::from_secs(30);

/// A virtual display with a session bus of its own.
pub struct Display {
    name: String,
    bus: String,
    _processes: [Process; 2],
}

impl Display {
    /// On a number that the display chooses, so many pixels large.
    pub fn start(width: u32, height: u32) -> Self {
        let screen = format!("{width}x{height}x24");
        let mut xvfb = Command::new("Xvfb");
        xvfb.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"]);
        let mut xvfb = Process::start("Xvfb", &mut xvfb);
        let number = xvfb.wait_for_line(START_LIMIT, |line| line.parse::<u32>().is_ok());
        let mut bus = Command::new("dbus-daemon");
        let mut bus = Process::start("dbus-daemon", bus.args(["--session", "--nofork", "--print-address=1"]));
        let address = bus.wait_for_line(START_LIMIT, |line| line.contains("unix:"));
        Self { name: format!(":{number}"), bus: address, _processes: [xvfb, bus] }
    }

    /// Has a program open its windows here.
    pub fn attach(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.name)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env_remove("WAYLAND_DISPLAY");
    }

    /// What it shows, as PNG.
    pub fn screenshot(&self) -> Vec<u8> {
        let import =
            Command::new("import").args(["-display", &self.name, "-window", "root", "png:-"]).output();
        let import = import.expect("import (package imagemagick)");
        assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
        import.stdout
    }
}
