//! An emulated network between a few hosts on one machine: any program, on links as bad as wanted.
//!
//! ```text
//!  host a            |            pure, injected time             |            host b
//!  program -> TUN -> pump -> Wire: Topology -> LinkModel -> flight -> pump -> TUN -> program
//!  network namespace |  Schedule (Profile, Link) --^              |  network namespace
//! ```
//! [`LinkModel`] alone decides what happens to a packet, and never reads a clock: the same model serves the
//! real network interfaces of [`Netlab`] (Linux, as root) and simulations in virtual time.
#![deny(unsafe_code)]

mod flight;
mod link;
mod profile;
mod rng;
mod schedule;
#[cfg(target_os = "linux")]
mod shell;
mod topology;
mod waits;
mod wire;

pub use link::{Fate, Link, LinkModel, LinkStats};
pub use profile::{Profile, UnknownProfile};
pub use schedule::{Schedule, ScheduleError};
#[cfg(target_os = "linux")]
pub use shell::{Builder, Netlab, NetlabError};
pub use topology::{HostId, Topology, TopologyError};
pub use waits::Waits;
pub use wire::{Output, Wire, WireConfig};
