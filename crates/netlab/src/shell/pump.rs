//! The thread that moves packets between the hosts' interfaces and the wire, and reads the clock for both.
use std::{
    num::NonZeroU64,
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    thread::set_current_timer_slack,
};

use super::{
    error::NetlabError,
    lock, sys,
    tun::{MTU, Tun},
};
use crate::{Output, Wire, topology::HostId};

/// Packets read from one host in a row: enough to save calls, and few enough (about 0.1 ms) that what is due
/// for the other hosts is not late.
const BATCH: usize = 32;
#[derive(Debug)]
pub(super) struct Pump {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    stop: AtomicBool,
    wake: OwnedFd,
}

/// Time since the network's start.
#[derive(Debug, Clone, Copy)]
struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the shell: it brings the time to the pure wire")]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn now(self) -> Duration {
        self.0.elapsed()
    }
}

impl Pump {
    /// Starts the clock and the thread. `tuns` are in the order of the wire's hosts.
    pub(super) fn start(wire: Arc<Mutex<Wire>>, tuns: Vec<Arc<Tun>>) -> Result<Self, NetlabError> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let wake = wake.map_err(NetlabError::io("create an event descriptor"))?;
        let shared = Arc::new(Shared { clock: Clock::start(), stop: AtomicBool::new(false), wake });
        let pump = shared.clone();
        let thread = thread::Builder::new()
            .name("netlab-pump".into())
            .spawn(move || pump.run(&wire, &tuns))
            .map_err(NetlabError::io("start a thread"))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The time on the wire's clock.
    pub(super) fn now(&self) -> Duration {
        self.shared.clock.now()
    }

    /// Has the pump look again at what is due.
    pub(super) fn wake(&self) -> Result<(), NetlabError> {
        rustix::io::write(&self.shared.wake, &1u64.to_ne_bytes())
            .map_err(NetlabError::io("wake the pump"))?;
        Ok(())
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if self.wake().is_ok() {
            // A panic of the pump has been printed; there is nobody here to tell.
            self.thread.take().map(JoinHandle::join);
        }
    }
}

impl Shared {
    fn run(&self, wire: &Mutex<Wire>, tuns: &[Arc<Tun>]) {
        // A late packet is a wrong measurement, and the programs measured keep the machine busy. Measured with
        // five programs a core, 100 Mbit/s: p95 of the lateness 0.2 to 0.7 ms so, 4.5 ms by a nice value of -15 instead.
        // Where it is refused the network works, less exactly.
        sys::run_first().ok();
        // The kernel's default is 50 us.
        set_current_timer_slack(NonZeroU64::new(1)).ok();
        let mut packet = [0; MTU as usize];
        let mut fds: Vec<PollFd<'_>> = tuns
            .iter()
            .map(AsFd::as_fd)
            .chain([self.wake.as_fd()])
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        while !self.stop.load(Ordering::Acquire) {
            let due = self.deliver(&mut lock(wire), tuns);
            let wait = due.map(|due| timespec(due.saturating_sub(self.clock.now())));
            if poll(&mut fds, wait.as_ref()).is_err() {
                continue; // Interrupted by a signal.
            }
            for (host, (tun, fd)) in tuns.iter().zip(&fds).enumerate() {
                if fd.revents().contains(PollFlags::IN) {
                    let mut wire = lock(wire);
                    for _ in 0..BATCH {
                        let Some(length) = tun.read(&mut packet) else {
                            break;
                        };
                        wire.handle(HostId(host), &packet[..length], self.clock.now());
                    }
                }
            }
            if fds[tuns.len()].revents().contains(PollFlags::IN) {
                rustix::io::read(&self.wake, &mut [0; 8]).ok();
            }
        }
    }

    /// Hands out all that is due; returns when there will be more.
    fn deliver(&self, wire: &mut Wire, tuns: &[Arc<Tun>]) -> Option<Duration> {
        let now = self.clock.now();
        while let Some(output) = wire.poll_output(now) {
            match output {
                Output::Deliver { to, packet } => tuns[to.0].write(packet),
                // The host keeps its old address where it fails, and is cut off: a test sees it at once.
                Output::ChangeAddress { host, address } => {
                    if let Err(error) = tuns[host.0].set_address(address) {
                        eprintln!("netlab: {error}");
                    }
                }
            }
        }
        wire.poll_timeout()
    }
}

fn timespec(wait: Duration) -> Timespec {
    Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() }
}
