//! One person at a call: signaling, peer connection, supervision.
