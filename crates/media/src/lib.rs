//! Capture to RTP, and RTP to picture and sound.
//!
//! See the folder tree; the pipelines are drawn in `send` and `receive`.
pub mod device;
pub mod frame;
