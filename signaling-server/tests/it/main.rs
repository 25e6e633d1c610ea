//! The whole server, from outside: real HTTP and real WebSockets on a free port, a fresh directory for each test.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers fail the way tests fail"
)]
mod accounts;
mod calls;
mod debug;
mod events;
mod http;
mod races;
mod relay;
mod restart;
mod support;
