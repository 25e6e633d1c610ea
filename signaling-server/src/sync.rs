//! A mutex for short, synchronous sections.
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex that is never held across an `await`, and whose contents stay usable after a panic elsewhere: every
/// section leaves them consistent at each step.
#[derive(Debug, Default)]
pub struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
