//! When a program is asked to end.

/// Resolves on Ctrl-C, and on SIGTERM where there is such a thing. To be kept: asked for anew, it does not know of a
/// signal that came before.
///
/// # Errors
/// The system passes no signals on.
pub async fn asked_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
