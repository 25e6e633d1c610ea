//! The network for real: namespaces, interfaces, packets, the clock. Where these are not allowed every test
//! says so and passes.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "what is tested here is real time")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]
mod hosts;
mod links;
mod program;

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, UdpSocket},
    ops::Deref,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use eyeline_netlab::{Builder, Netlab, NetlabError};

/// One network at a time: they would disturb each other's timing.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Lab {
    netlab: Netlab,
    _turn: MutexGuard<'static, ()>,
}

impl Deref for Lab {
    type Target = Netlab;

    fn deref(&self) -> &Netlab {
        &self.netlab
    }
}

/// Starts the network; `None`, said aloud, where it is not permitted.
fn start(builder: Builder) -> Option<Lab> {
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    match builder.start() {
        Ok(netlab) => Some(Lab { netlab, _turn: turn }),
        Err(NetlabError::NotPermitted { .. }) => {
            println!("needs root and network namespaces: not run");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A socket on a host, at its present address.
fn socket(lab: &Netlab, host: &str) -> UdpSocket {
    let address = lab.address(host).unwrap();
    lab.enter(host, || bind(address)).unwrap().unwrap()
}

fn bind(address: Ipv4Addr) -> std::io::Result<UdpSocket> {
    UdpSocket::bind((address, 0))
}

/// What a stream of equal packets is.
struct Stream {
    count: usize,
    /// With the IP and UDP headers.
    size: usize,
    gap: Duration,
}

/// When a packet was sent, and when it arrived, since the stream's start.
#[derive(Clone, Copy)]
struct Trip {
    sent: Duration,
    arrived: Option<Duration>,
}

impl Trip {
    fn delay(&self) -> Option<Duration> {
        Some(self.arrived? - self.sent)
    }
}

const HEADERS: usize = 28;
/// Longer than any link here holds a packet.
const QUIET: Duration = Duration::from_millis(500);

/// Sends a stream and receives it: one loop, paced by the receiver's time limit.
fn run(from: &UdpSocket, to: &UdpSocket, stream: &Stream) -> Vec<Trip> {
    let target = to.local_addr().unwrap();
    let start = Instant::now();
    let mut trips: Vec<Trip> = Vec::with_capacity(stream.count);
    let mut missing = stream.count;
    let mut packet = vec![0; stream.size - HEADERS];
    while missing > 0 {
        let now = start.elapsed();
        let due = stream.gap * trips.len() as u32;
        let limit = if trips.len() < stream.count {
            if now >= due {
                packet[..4].copy_from_slice(&(trips.len() as u32).to_ne_bytes());
                trips.push(Trip { sent: start.elapsed(), arrived: None });
                from.send_to(&packet, target).unwrap();
                continue;
            }
            due
        } else {
            trips[stream.count - 1].sent + QUIET
        };
        let Some(wait) = limit.checked_sub(now).filter(|wait| !wait.is_zero()) else {
            break;
        };
        to.set_read_timeout(Some(wait)).unwrap();
        match to.recv(&mut packet) {
            Ok(length) => {
                assert_eq!(length, stream.size - HEADERS);
                let number = u32::from_ne_bytes(*packet.first_chunk().unwrap());
                trips[number as usize].arrived = Some(start.elapsed());
                missing -= 1;
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}")
            }
        }
    }
    trips
}

/// Whether a packet gets from one socket to the other.
fn reaches(from: &UdpSocket, to: &UdpSocket) -> bool {
    run(from, to, &Stream { count: 1, size: 100, gap: Duration::ZERO })[0].arrived.is_some()
}

fn sorted_delays(trips: &[Trip]) -> Vec<Duration> {
    let mut delays: Vec<_> = trips.iter().filter_map(Trip::delay).collect();
    delays.sort();
    delays
}

/// The value below which `percent` of the sorted delays lie.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// Waits for a condition, and fails where it does not come.
fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::yield_now();
    }
}
