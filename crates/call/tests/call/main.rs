//! The machine in virtual time: alone against scripted inputs, and in a world of devices, server and network.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets what it does not expect has failed"
)]

mod busy;
mod leaving;
mod negotiation;
mod networks;
mod peer;
mod prepared;
mod random;
mod reconnecting;
mod ringing;
mod server;
mod solo;
mod world;
