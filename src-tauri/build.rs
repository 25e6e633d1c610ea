//! Embeds the built UI and generates the permissions of the commands in `src/commands.rs`.
use std::{path::Path, process::exit};

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist");
    if !Path::new("../ui/dist/index.html").exists() {
        println!("cargo::error=the UI is not built: run `npm ci && npm run build` in the folder `ui`");
        exit(1);
    }
    let commands = tauri_build::AppManifest::new().commands(&["command", "snapshot", "open_feed"]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo::error={}", format!("{error:#}").replace('\n', " "));
        exit(1);
    }
}
