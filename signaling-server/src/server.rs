//! A server from its start to its orderly end.
use crate::{
    app::{App, Parts},
    auth::{KeyError, Sessions, Tokens, signing_key},
    bus::{Bus, Local},
    calls::{BusyDevices, Switchboard, reap},
    clock,
    config::Config,
    http::{self, AddressLimit},
    presence::{LINGER, Presence},
    storage::{Sqlite, Storage, StorageError},
    ws::rooms::Rooms,
};
use axum::serve::ListenerExt;
use std::{
    future::{Future, IntoFuture},
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use thiserror::Error;
use tokio::{net::TcpListener, sync::Mutex, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long clients may take to hear that the server goes down.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often the tables of addresses are swept.
const SWEEP: Duration = Duration::from_secs(60);

/// Why a server did not start, or stopped.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The platform names no data directory, and none was given.
    #[error("no data directory; give one with --data-dir or EYELINE_DATA_DIR")]
    NoDataDir,
    /// The data directory cannot be made.
    #[error("data directory {0}: {1}")]
    DataDir(PathBuf, io::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no signing key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// Something within could not be prepared.
    #[error("start: {0}")]
    Start(String),
    /// Accepting connections failed for good.
    #[error("serving: {0}")]
    Serve(io::Error),
}

/// A server that listens, and serves once it is [run](Server::run).
pub struct Server {
    /// The address that it listens on; tells the port where the configured one was 0.
    pub local_addr: SocketAddr,
    listener: TcpListener,
    storage: Sqlite,
    app: App,
}

impl Server {
    /// Opens the data directory and the port.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn bind(config: Config) -> Result<Self, ServerError> {
        let dir = config.resolved_data_dir().ok_or(ServerError::NoDataDir)?;
        make_private(&dir).map_err(|error| ServerError::DataDir(dir.clone(), error))?;
        let key = signing_key(&dir.join("signing.key"))?;
        let storage = Sqlite::open(&dir.join("eyeline.sqlite")).await?;
        let app = assemble(config, Arc::new(storage.clone()), &key)?;
        app.switchboard.resume().await.map_err(|error| ServerError::Start(error.message().into()))?;

        let listen = app.config.listen;
        let refused = |error| ServerError::Listen(listen, error);
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        Ok(Self { local_addr, listener, storage, app })
    }

    /// Serves until `shutdown` resolves, then tells all clients, and lets them go.
    ///
    /// # Errors
    /// [`ServerError::Serve`].
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), ServerError> {
        let Self { listener, storage, app, .. } = self;
        let service = http::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        // Or the second of two words that follow each other waits for a sign that the first has come (RFC 896).
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "small packets may wait");
            }
        });
        let serving = axum::serve(listener, service)
            .with_graceful_shutdown(app.shutdown.clone().cancelled_owned())
            .into_future();
        let mut serving = tokio::spawn(serving);
        let reaper = tokio::spawn(reap(Arc::clone(&app.switchboard), app.config.abandoned_after));
        let sweeper = tokio::spawn(sweep(app.clone()));

        let early = tokio::select! {
            () = shutdown => None,
            ended = &mut serving => Some(ended),
        };
        tracing::info!("going down");
        app.shutdown.cancel();
        app.sockets.close();
        let ended = match early {
            Some(ended) => Some(ended),
            None => timeout(FAREWELL, &mut serving).await.ok(),
        };
        if timeout(FAREWELL, app.sockets.wait()).await.is_err() {
            tracing::warn!(open = app.sockets.len(), "sockets did not close in time");
        }
        serving.abort();
        reaper.abort();
        sweeper.abort();
        storage.close().await;
        match ended {
            Some(Ok(result)) => result.map_err(ServerError::Serve),
            Some(Err(error)) => Err(ServerError::Serve(io::Error::other(error))),
            None => Ok(()),
        }
    }
}

/// Connects the parts.
fn assemble(config: Config, storage: Arc<dyn Storage>, key: &[u8]) -> Result<App, ServerError> {
    let bus: Arc<dyn Bus> = Arc::new(Local::default());
    let presence = Presence::new(Arc::clone(&bus), LINGER);
    let rooms = Arc::new(Rooms::default());
    let shutdown = CancellationToken::new();
    let tokens = Tokens::new(key, config.access_token_ttl, config.refresh_token_ttl);
    let sessions = Sessions::new(Arc::clone(&storage), Arc::clone(&bus), tokens)
        .map_err(|error| ServerError::Start(error.message().into()))?;
    let switchboard = Arc::new(Switchboard {
        storage: Arc::clone(&storage),
        bus: Arc::clone(&bus),
        presence: presence.clone(),
        rooms: Arc::clone(&rooms),
        busy: BusyDevices::default(),
        ring_timeout: config.ring_timeout,
        shutdown: shutdown.clone(),
        telling: Mutex::new(()),
    });
    let parts = Parts {
        sign_in_limit: AddressLimit::per_minute(config.auth_per_minute),
        refresh_limit: AddressLimit::per_minute(config.auth_per_minute),
        config,
        storage,
        bus,
        sessions,
        presence,
        switchboard,
        rooms,
        shutdown,
        sockets: TaskTracker::new(),
    };
    Ok(parts.into())
}

async fn sweep(app: App) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        app.sign_in_limit.forget_quiet();
        app.refresh_limit.forget_quiet();
        app.sessions.forget_old_failures(clock::now());
    }
}

/// Makes the directory for this account only: it holds password hashes and the signing key.
fn make_private(dir: &std::path::Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
