//! TURN over TCP and TLS, where a network lets no UDP through; webrtc-rs itself speaks TURN over UDP alone.
//!
//! ```text
//!   webrtc-rs --datagrams--> sockets --> Tunnel --one TCP or TLS connection--> TURN server --UDP--> peer
//! ```
//!
//! What TURN says is the same over UDP and over a stream, down to the byte, but for the framing (RFC 8656 section 12.5):
//! so a tunnel carries each datagram as it is, and credentials, nonces and permissions stay webrtc-rs's own business.
mod frame;
mod probe;
mod repeats;
mod stream;
mod tunnel;
mod uri;

pub use frame::FrameError;
pub use probe::{ProbeError, probe};
pub use stream::StreamError;
pub(super) use stream::StreamServer;
pub(super) use tunnel::Tunnel;
pub(super) use uri::{Transport, Uri};
