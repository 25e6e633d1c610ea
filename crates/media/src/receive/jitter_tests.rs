//! The jitter buffer in virtual time.
