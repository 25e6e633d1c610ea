//! Sender and receiver reports (RFC 3550 section 6.4): the clocks of both streams, round trip, loss; and word of every
//! packet that came.
//!
//! ```text
//! capture clock --> SenderClocks --> SenderReports --> SR to the peer
//! RR from the peer --> SenderReports --> round trip, loss
//!             RTP --> Arrivals --> ReceiverReports --> RR to the peer
//!             RTP --> Feedback --> transport-wide feedback to the peer
//! ```
mod arrivals;
mod clock;
mod feedback;
mod receiver;
mod sender;

pub use clock::{SenderClocks, WallClock};
pub use feedback::Feedback;
pub use receiver::ReceiverReports;
pub use sender::SenderReports;
