//! Camera and microphone to RTP.
//!
//! ```text
//! VideoSource -> [capture thread] -> latest frame -> [encode thread] scale, encode, packetize -> out(packets, info)
//!                       '-> self view (latest frame)
//! AudioSource -> [audio thread] clean up, mute, Opus, packetize -> out(packet)
//! ```
//! A camera that fails is reported and let go; the sender lives on without one.
mod admission;
mod audio;
mod budget;
mod chains;
mod encode;
mod pace;
mod video;

pub use admission::{Admission, Admitted};
pub use audio::{AudioSend, AudioSendConfig, AudioSendEvent};
pub use chains::Chains;
pub use encode::{FrameInfo, VideoTarget};
pub use video::{VideoSend, VideoSendConfig, VideoSendEvent};

use std::time::Duration;

/// How long an idle thread sleeps before it looks around; it is woken when there is work.
const IDLE: Duration = Duration::from_secs(3600);

/// Timeouts in a row (each up to `PULL_LIMIT`) after which a device counts as lost.
const TIMEOUTS_UNTIL_LOST: u32 = 6;
