//! The whole server, from outside: real HTTP and real WebSockets on a free port, a fresh directory for each test.
mod accounts;
mod calls;
mod debug;
mod events;
mod http;
mod races;
mod relay;
mod restart;
mod support;
