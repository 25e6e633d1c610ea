//! The store in one SQLite file: nothing to install.
mod accounts;
mod calls;
mod private;

use super::StorageError;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};

/// Readers beside the one writer that SQLite allows; each is a thread.
const CONNECTIONS: u32 = 4;
/// How long a writer waits for another before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store in one SQLite file.
#[derive(Debug, Clone)]
pub struct Sqlite {
    pool: SqlitePool,
}

impl Sqlite {
    /// Opens the file, makes it if missing, keeps others from reading it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StorageError::File`], [`StorageError::Database`] and [`StorageError::Migration`].
    pub async fn open(file: &Path) -> Result<Self, StorageError> {
        private::make(file)?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // Survives the end of the process; a power cut may cost the last transactions, never consistency.
            .synchronous(SqliteSynchronous::Normal);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        sqlx::migrate!("migrations/sqlite").run(&pool).await?;
        Ok(Self { pool })
    }

    /// Ends all connections in order, so that the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Turns a violated unique index into [`StorageError::Taken`].
fn or_taken(error: sqlx::Error) -> StorageError {
    match &error {
        sqlx::Error::Database(cause) if cause.is_unique_violation() => StorageError::Taken,
        _ => StorageError::Database(error),
    }
}

/// Reads an identifier from its text form.
fn id<T: FromStr>(text: &str) -> Result<T, StorageError> {
    text.parse().map_err(|_| StorageError::Corrupt(format!("identifier {text:?}")))
}
