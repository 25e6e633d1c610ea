//! What can go wrong with a peer connection, by what can be done about it.
use webrtc::error::Error;

/// What went wrong with a connection.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The peer sent something that is no session description, or not one that fits the state of the negotiation.
    #[error("the peer's session description was refused: {0}")]
    BadSdp(String),
    /// The peer sent a candidate that cannot be read.
    #[error("the peer's candidate was refused: {0}")]
    BadCandidate(String),
    /// There is no open data channel.
    #[error("the data channel is not open")]
    ChannelNotOpen,
    /// Too much waits in the data channel already.
    #[error("too much waits in the data channel")]
    ChannelFull,
    /// No socket could be opened, or the connection is closed.
    #[error("the peer connection does not work: {0}")]
    Connection(#[from] Error),
}
