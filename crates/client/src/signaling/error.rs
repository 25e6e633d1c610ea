//! What can go wrong between this machine and the server.
use eyeline_protocol::rest::ErrorDetail;
use thiserror::Error;

/// Why a request or a socket failed.
#[derive(Debug, Clone, Error)]
pub enum SignalingError {
    /// No answer: name not found, connection refused or timed out, TLS refused.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// Something answered, but not an Eyeline server.
    #[error("this is not an Eyeline server: {0}")]
    NotAServer(String),
    /// The server refused the request, and says why.
    #[error("{} ({})", detail.message, detail.code)]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's words.
        detail: ErrorDetail,
    },
    /// The session has ended: signed out elsewhere, expired or revoked.
    #[error("signed out")]
    SignedOut,
}

impl SignalingError {
    /// Whether trying again later can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::NotAServer(_) | Self::SignedOut => false,
        }
    }

    /// The server's error code, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { detail, .. } => Some(&detail.code),
            Self::Unreachable(_) | Self::NotAServer(_) | Self::SignedOut => None,
        }
    }
}
