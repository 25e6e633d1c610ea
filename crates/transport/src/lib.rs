//! Real-time transport quality over webrtc-rs.
