//! The signaling server: accounts, calls, relay, presence.
