//! RTP to picture and sound.
//!
//! ```text
//! video push -> [assembler: dedupe, reorder, whole frames only] -> [decode thread] -> bounded queue
//!                          '-> KeyFrameNeeded                          -> [render thread: waits for the moment] -> sinks
//! audio push -> [jitter buffer: order, FEC, conceal, stretch] <- pulled by [playout thread] -> AudioSink
//! AvSync: sender reports of both + what the speaker plays -> the moment at which a picture is due
//! ```
mod assembler;
mod audio;
mod chains;
mod delay;
mod jitter;
mod render;
mod spells;
mod stretch;
mod sync;
mod timing;
mod video;

pub use assembler::{Assembler, EncodedFrame};
pub use audio::{AudioReceive, AudioReceiveEvent};
pub use jitter::JitterBuffer;
pub use render::{EncodedSink, RenderInfo, VideoSink};
pub use sync::{AvSync, StreamKind};
pub use timing::VideoTiming;
pub use video::{VideoReceive, VideoReceiveEvent};
