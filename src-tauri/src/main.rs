//! Eyeline, the desktop application: a window around `eyeline-client`.
//!
//! ```text
//!   page -- command --> commands --> Client -- Snapshot --> window::follow -- event --> page
//!                                      '---- pictures ----> feed -- WebSocket --> page
//!   a second start -- token --> instance --> window::raise
//! ```
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod autopilot;
mod commands;
mod feed;
mod instance;
mod log;
mod options;
#[cfg(target_os = "linux")]
mod rendering;
mod window;

use anyhow::Context;
use autopilot::Autopilot;
use clap::Parser;
use directories::ProjectDirs;
use eyeline_client::{Client, stop::asked_to_stop};
use eyeline_devices::SystemDevices;
use feed::{Feed, Hub};
use instance::{Claim, Instance};
use options::Options;
use std::{path::PathBuf, sync::Arc};
use tauri::{RunEvent, async_runtime};

fn main() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    rendering::prepare();
    let options = Options::parse();
    #[cfg(target_os = "linux")]
    if ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none_or(|v| v.is_empty())) {
        anyhow::bail!("there is no display here; eyeline-cli makes calls without one");
    }
    let data_dir = data_dir(&options)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let _entered = runtime.enter();

    let cannot_use = || format!("cannot use {}", data_dir.display());
    // The lock is kept to the end of the program.
    let Claim::Ours(Instance { door, lock: _lock }) =
        runtime.block_on(instance::claim(&data_dir)).with_context(cannot_use)?
    else {
        eprintln!(
            "Eyeline already runs from {}: its window is shown. For a second one: --data-dir FOLDER",
            data_dir.display()
        );
        return Ok(());
    };
    log::start(&data_dir).with_context(cannot_use)?;

    async_runtime::set(runtime.handle().clone());
    let hub = Arc::new(Hub::default());
    let feed = runtime.block_on(Feed::start(Arc::clone(&hub))).context("cannot listen on 127.0.0.1")?;
    let client =
        Client::start(options.client_config(data_dir.clone()), Arc::new(SystemDevices::new()), hub.clone());
    runtime.spawn(pass_on_key_frame_wishes(Arc::clone(&hub), client.clone()));

    tauri::Builder::default()
        .manage(client.clone())
        .manage(feed)
        .manage(hub)
        .manage(window::Leaving::default())
        .invoke_handler(tauri::generate_handler![commands::command, commands::snapshot, commands::open_feed])
        .on_window_event(window::on_event)
        .setup(move |app| {
            let window = window::open(app, &options, &data_dir)?;
            async_runtime::spawn(window::follow(window, client, Autopilot::new(&options)));
            async_runtime::spawn(leave_when_told(app.handle().clone()));
            let handle = app.handle().clone();
            async_runtime::spawn(door.answer(move || window::raise(&handle)));
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            // No code: the system or the last window asks. With one, `leave` has done its work.
            if let RunEvent::ExitRequested { code: None, api, .. } = event {
                api.prevent_exit();
                window::leave(app);
            }
        });
    Ok(())
}

/// Where the program keeps what it remembers.
fn data_dir(options: &Options) -> anyhow::Result<PathBuf> {
    let usual = || ProjectDirs::from("dev", "", "Eyeline").map(|dirs| dirs.data_local_dir().to_owned());
    options.data_dir.clone().or_else(usual).context("no home folder: name a folder with --data-dir")
}

async fn pass_on_key_frame_wishes(hub: Arc<Hub>, client: Client) {
    loop {
        hub.key_frame_wanted().await;
        client.request_remote_key_frame();
    }
}

/// Leaves when the system asks for it.
async fn leave_when_told(app: tauri::AppHandle) {
    if asked_to_stop().await.is_ok() {
        window::leave(&app);
    }
}
