//! A client that is signed in and online.
use crate::{exit::Exit, options::Options};
use anyhow::{Context, Result};
use eyeline_client::{
    Client, Command, Snapshot,
    config::ClientConfig,
    signaling::ServerAddress,
    snapshot::{Link, NoticeCode},
    viewer::Viewer,
};
use eyeline_protocol::rest::User;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

/// Longest wait for the server to take us in.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(30);
/// Longest wait for a search.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);

/// A client that is signed in and online.
pub struct Session {
    /// To ask things of.
    pub client: Client,
    /// What it shows.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl Session {
    /// Starts a client, signs in (or registers) and waits until the server speaks to it.
    ///
    /// # Errors
    /// [`Exit`] where the server is out of reach or refuses.
    pub async fn open(options: &Options, mut config: ClientConfig, viewer: Arc<dyn Viewer>) -> Result<Self> {
        let username = options.user.clone().ok_or_else(|| missing("--user"))?;
        let password = options.password.clone().ok_or_else(|| missing("--password"))?;
        ServerAddress::parse(&options.server).map_err(|error| Exit::Usage(format!("--server: {error}")))?;
        config.remember = false;
        let client = Client::start(config, crate::devices::backend(), viewer);
        let mut this = Self { snapshots: client.snapshots(), client };
        let server = options.server.clone();
        if options.register {
            let (username, password) = (username.clone(), password.clone());
            this.client.send(Command::Register {
                server: server.clone(),
                username,
                password,
                display_name: None,
            });
            match this.settled().await {
                Err(error)
                    if matches!(error.downcast_ref(), Some(Exit::Server(NoticeCode::NameTaken, _))) => {}
                other => return other.map(|()| this),
            }
        }
        this.client.send(Command::SignIn { server, username, password });
        this.settled().await.map(|()| this)
    }

    /// Waits until signed in and online, or refused.
    async fn settled(&mut self) -> Result<()> {
        let since = self.snapshots.borrow().notice.as_ref().map_or(0, |n| n.id);
        let settled = self.until(SIGN_IN_LIMIT, |s| {
            s.server.link == Link::Online || s.notice.as_ref().is_some_and(|n| n.id > since)
        });
        let snapshot = settled.await.map_err(|_| {
            Exit::Server(NoticeCode::ServerUnreachable, "the server does not open the events socket".into())
        })?;
        match &snapshot.notice {
            Some(notice) if snapshot.server.link != Link::Online => {
                Err(Exit::Server(notice.code, notice.detail.clone()).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Waits for a snapshot that fulfils `condition`.
    ///
    /// # Errors
    /// Where none came within `limit`, or the client stopped.
    pub async fn until(
        &mut self,
        limit: Duration,
        condition: impl FnMut(&Arc<Snapshot>) -> bool,
    ) -> Result<Arc<Snapshot>> {
        let found = timeout(limit, self.snapshots.wait_for(condition)).await.context("timed out")?;
        Ok(Arc::clone(&*found.context("the client has stopped")?))
    }

    /// Finds a person by user name.
    ///
    /// # Errors
    /// [`Exit`] where there is none of that name.
    pub async fn find(&mut self, username: &str) -> Result<User> {
        let username = username.to_lowercase();
        if self.snapshots.borrow().account.as_ref().is_some_and(|me| me.username == username) {
            return Err(Exit::Usage("nobody can call themselves".into()).into());
        }
        self.client.send(Command::SearchUsers { query: username.clone() });
        let known = |s: &Snapshot| s.contacts.iter().find(|c| c.username == username).cloned();
        let found = self.until(SEARCH_LIMIT, |s| known(s).is_some()).await.ok();
        found.and_then(|s| known(&s)).ok_or_else(|| {
            Exit::Server(NoticeCode::NoSuchUser, format!("nobody is called {username:?}")).into()
        })
    }
}

fn missing(option: &str) -> Exit {
    Exit::Usage(format!("{option} is missing"))
}

/// Where state lies: `$EYELINE_DATA_DIR`, else the platform's folder for it.
pub fn data_dir() -> PathBuf {
    std::env::var_os("EYELINE_DATA_DIR").map(PathBuf::from).unwrap_or_else(|| {
        directories::ProjectDirs::from("dev", "eyeline", "eyeline-cli")
            .map_or_else(|| PathBuf::from("."), |dirs| dirs.data_dir().to_path_buf())
    })
}
