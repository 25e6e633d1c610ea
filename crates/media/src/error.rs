//! What can keep a pipeline from starting.
use crate::codec::CodecError;
use std::thread::Builder;
use thiserror::Error;

/// Why a pipeline could not be started.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The system gives no more threads.
    #[error("no thread for {name}: {source}")]
    Thread {
        /// What the thread would have done.
        name: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// A codec cannot be set up.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// Starts a named thread that nobody joins: each ends by itself when its pipeline's handle is dropped.
pub(crate) fn spawn(name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<(), PipelineError> {
    let started = Builder::new().name(name.to_owned()).spawn(run);
    started.map(drop).map_err(|source| PipelineError::Thread { name, source })
}
