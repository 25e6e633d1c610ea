//! Word from the system that its network may have changed.
use std::io;

/// A source of hints.
#[async_trait::async_trait]
pub(super) trait Hints: Send {
    /// Waits for the next hint. Dropping the future loses at most a hint that the next one repeats.
    ///
    /// # Errors
    /// Where no more will come.
    async fn next(&mut self) -> io::Result<()>;
}

/// No hints.
pub(super) struct None;

#[async_trait::async_trait]
impl Hints for None {
    async fn next(&mut self) -> io::Result<()> {
        std::future::pending().await
    }
}
