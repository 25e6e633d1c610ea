//! What is remembered between two runs: the server, the session, the choice of devices.
//!
//! One JSON file, readable by its owner only, replaced whole so that a crash leaves the old or the new one.
use crate::private;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::{
    sync::watch,
    task::{JoinHandle, spawn_blocking},
};

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Base address of the server that was last signed in to.
    pub server: Option<String>,
    /// Refresh token; `None` where nobody is signed in.
    pub refresh_token: Option<String>,
    /// The chosen camera's `id`.
    pub camera: Option<String>,
    /// The chosen microphone's `id`.
    pub microphone: Option<String>,
    /// The chosen speaker's `id`.
    pub speaker: Option<String>,
}

/// The file.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    /// Otherwise nothing is read or written.
    enabled: bool,
}

impl Store {
    /// The store in `folder`, which need not exist yet. One that is not `enabled` remembers nothing.
    #[must_use]
    pub fn new(folder: &Path, enabled: bool) -> Self {
        Self { path: folder.join("client.json"), enabled }
    }

    /// What is remembered; the default where there is nothing or it cannot be read.
    #[must_use]
    pub fn load(&self) -> Remembered {
        if !self.enabled {
            return Remembered::default();
        }
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, path = %self.path.display(), "the remembered settings are damaged");
                Remembered::default()
            }),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, path = %self.path.display(), "the remembered settings cannot be read");
                }
                Remembered::default()
            }
        }
    }

    /// Remembers.
    ///
    /// # Errors
    /// Where the folder or the file cannot be written.
    pub fn save(&self, remembered: &Remembered) -> io::Result<()> {
        if !self.enabled {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        private::replace(&self.path, &serde_json::to_vec_pretty(remembered)?)
    }
}

/// Remembers beside whoever has something to remember, for a disk may take its time. One at a time and in order; of what
/// comes meanwhile, the last counts.
pub struct Keeper {
    latest: watch::Sender<Remembered>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Starts with what is remembered already.
    pub fn start(store: Store, remembered: Remembered) -> Self {
        let (latest, changes) = watch::channel(remembered);
        Self { latest, task: tokio::spawn(keep(store, changes)) }
    }

    /// Remembers, in a moment.
    pub fn save(&self, remembered: &Remembered) {
        self.latest.send_replace(remembered.clone());
    }

    /// Waits until all is remembered.
    pub async fn finish(self) {
        drop(self.latest);
        let _ = self.task.await;
    }
}

async fn keep(store: Store, mut changes: watch::Receiver<Remembered>) {
    // What was sent before the sender went is a change like any other.
    while changes.changed().await.is_ok() {
        let (store, remembered) = (store.clone(), changes.borrow_and_update().clone());
        let saved = spawn_blocking(move || store.save(&remembered)).await;
        if let Err(error) = saved.map_err(io::Error::from).flatten() {
            tracing::warn!(%error, "settings cannot be remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_loaded_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("deeper"), true);
        assert_eq!(store.load(), Remembered::default());
        let remembered = Remembered { server: Some("https://a.example".into()), ..Remembered::default() };
        store.save(&remembered).unwrap();
        assert_eq!(store.load(), remembered);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&store.path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), true);
        fs::write(folder.path().join("client.json"), b"{\"server\": 7").unwrap();
        assert_eq!(store.load(), Remembered::default());
        store.save(&Remembered::default()).unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_the_disk_until_the_end_and_the_last_word_counts() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), true);
        let keeper = Keeper::start(store.clone(), Remembered::default());
        let named = |n: usize| Remembered { camera: Some(n.to_string()), ..Remembered::default() };
        for n in 0..100 {
            keeper.save(&named(n));
        }
        assert_eq!(store.load(), Remembered::default(), "nothing was written here");
        tokio::task::yield_now().await;
        keeper.save(&named(100));
        keeper.finish().await;
        assert_eq!(store.load(), named(100));
    }
}
