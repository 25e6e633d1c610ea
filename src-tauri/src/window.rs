//! The window: how it opens, when it hides, what it shows, and how the program ends with it.
use crate::{autopilot::Autopilot, feed::Hub, options::Options};
use eyeline_client::{Client, Snapshot, snapshot::Phase};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tauri::{
    App, AppHandle, Emitter, Manager, Url, UserAttentionType, WebviewWindow, WebviewWindowBuilder, Window,
    WindowEvent,
};
use tokio::time::timeout;

/// The event that carries a [`Snapshot`] to the page.
const SNAPSHOT: &str = "snapshot";
/// Time to hang up and to tell the server. A server that does not answer must not keep the program from ending.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);

/// Whether the program is on its way out.
#[derive(Debug, Default)]
pub struct Leaving(AtomicBool);

/// Opens the window as `tauri.conf.json` and the command line describe it.
///
/// # Errors
/// The system has no window for us.
pub fn open(app: &App, options: &Options, data_dir: &Path) -> anyhow::Result<WebviewWindow> {
    let config =
        app.config().app.windows.first().ok_or_else(|| anyhow::anyhow!("no window is configured"))?;
    let mut builder = WebviewWindowBuilder::from_config(app, config)?
        .data_directory(data_dir.join("webview"))
        .on_navigation(is_own_page);
    if let Some(title) = &options.title {
        builder = builder.title(title);
    }
    if let Some(size) = options.size {
        builder = builder.inner_size(size.0.into(), size.1.into());
    }
    if let Some(position) = options.position {
        builder = builder.position(position.0.into(), position.1.into());
    }
    Ok(builder.build()?)
}

/// Shows every snapshot to the page, to the autopilot, and to somebody who looks elsewhere while it rings.
pub async fn follow(window: WebviewWindow, client: Client, mut autopilot: Autopilot) {
    let mut snapshots = client.snapshots();
    let mut rang = false;
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        if let Err(error) = window.emit(SNAPSHOT, snapshot.as_ref()) {
            tracing::error!(%error, "the page cannot be told");
        }
        for command in autopilot.next(&snapshot) {
            client.send(command);
        }
        let rings = rings(&snapshot);
        if rings
            && !rang
            && let Err(error) = call_for_attention(&window)
        {
            tracing::warn!(%error, "the window cannot call for attention");
        }
        rang = rings;
        if snapshots.changed().await.is_err() {
            return;
        }
    }
}

/// What happens to the window.
pub fn on_event(window: &Window, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            // Gone from the screen at once; the program follows when the other side has been told.
            let _ = window.hide();
            leave(window.app_handle());
        }
        WindowEvent::Focused(_) | WindowEvent::Resized(_) | WindowEvent::Moved(_) => {
            let hidden = window.is_minimized().unwrap_or(false) || !window.is_visible().unwrap_or(true);
            window.state::<Arc<Hub>>().set_hidden(hidden);
        }
        _ => {}
    }
}

/// Brings the window to the front. Whether there still is one to bring: none once the program leaves.
pub fn raise(app: &AppHandle) -> bool {
    let Some(window) = app.webview_windows().into_values().next() else {
        return false;
    };
    if app.state::<Leaving>().0.load(Ordering::Relaxed) {
        return false;
    }
    let raised = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(error) = &raised {
        tracing::warn!(%error, "the window cannot be brought to the front");
    }
    raised.is_ok()
}

/// Ends the program: hangs up, tells the server, exits.
pub fn leave(app: &AppHandle) {
    app.state::<Leaving>().0.store(true, Ordering::Relaxed);
    let (app, client) = (app.clone(), app.state::<Client>().inner().clone());
    tauri::async_runtime::spawn(async move {
        if timeout(LEAVE_LIMIT, client.shutdown()).await.is_err() {
            tracing::warn!("the server was not told in time that this side leaves");
        }
        app.exit(0);
    });
}

fn rings(snapshot: &Snapshot) -> bool {
    snapshot.call.as_ref().is_some_and(|call| call.phase == Phase::Incoming)
}

fn call_for_attention(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    window.request_user_attention(Some(UserAttentionType::Critical))
}

/// Whether the window may go to this address: to nothing but the program's own page.
fn is_own_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_on_its_own_page() {
        let own = |url: &str| is_own_page(&url.parse().expect("a test's own address"));
        assert!(
            own("tauri://localhost/index.html")
                && own("http://tauri.localhost/")
                && own("https://tauri.localhost/")
        );
        for other in ["https://example.org/", "http://localhost/", "file:///etc/passwd", "data:text/html,x"] {
            assert!(!own(other), "{other}");
        }
    }
}
