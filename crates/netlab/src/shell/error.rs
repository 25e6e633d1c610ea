//! Why a network cannot be had.
use std::io;

use crate::TopologyError;

/// Why a network cannot be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum NetlabError {
    /// No root, or a container without network namespaces or TUN devices. Tests then say so and pass.
    #[error("needs root and network namespaces: cannot {what}: {source}")]
    NotPermitted {
        /// What was refused.
        what: &'static str,
        /// How.
        source: io::Error,
    },
    /// The hosts, or the name of one.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A network of the wanted name is already there.
    #[error("a network namespace `{0}` exists already")]
    Exists(String),
    /// Anything else that the system refuses.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was refused.
        what: &'static str,
        /// How.
        source: io::Error,
    },
}

impl NetlabError {
    /// For `map_err`: sorts a refusal of the system, named by what was tried.
    pub(crate) fn io<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| {
            let source = source.into();
            let kind = source.kind();
            if matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
                Self::NotPermitted { what, source }
            } else {
                Self::Io { what, source }
            }
        }
    }

    /// As [`Self::io`], where a missing file or system call also means that this system offers no such thing.
    pub(crate) fn missing<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| {
            let source = source.into();
            match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::Unsupported => Self::NotPermitted { what, source },
                // `ErrorKind` is not ours, and open-ended.
                _ => Self::io(what)(source),
            }
        }
    }
}
