//! Two ends and the path between them, in virtual time.
use super::{end::End, report::Report, start, told::Told, viewer::Viewer};
use eyeline_netlab::{Fate, Link, LinkModel, Schedule};
use rtc::{interceptor::Packet, shared::marshal::MarshalSize};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// IP, UDP and the tag of SRTP, in bytes.
const OVERHEAD: usize = 38;
/// Time moves by at least so much.
const STEP: Duration = Duration::from_micros(100);
/// In a second there is not more to do than this, at both ends. A stage that wants to be called at once, and then does nothing,
/// makes ten thousand.
const TURNS_MAX: u32 = 4_000;
const MILLION: u32 = 1_000_000;

/// What the two ends have and know.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Microphones.
    pub sound: bool,
    /// Retransmission (RFC 4588).
    pub repairs: bool,
    /// Transport-wide feedback.
    pub feedback: Feedback,
    /// When cameras are switched on, in seconds.
    pub cameras_from: u64,
    /// Whether encoders cannot do with as little as they are told to.
    pub heavy: bool,
    /// Whether they know each other for ours: parity, two chains, sound that is sent along.
    pub ours: bool,
    /// The machine of one of them sleeps.
    pub sleep: Option<Sleep>,
    /// So much faster is the first one's clock, in parts per million.
    pub fast_ppm: u32,
}

/// A time in which a machine does nothing and gets nothing, and after which its clock goes on where it stopped
/// (`CLOCK_MONOTONIC`).
#[derive(Debug, Clone, Copy)]
pub struct Sleep {
    /// Of the first end, or of the second.
    pub of_first: bool,
    pub from: Duration,
    pub length: Duration,
}

impl Sleep {
    fn lasts(self, elapsed: Duration) -> bool {
        (self.from..self.from + self.length).contains(&elapsed)
    }

    /// How far the sleeper's clock is behind by then.
    fn behind(self, elapsed: Duration) -> Duration {
        elapsed.saturating_sub(self.from).min(self.length)
    }
}

/// The clock of one end's machine.
#[derive(Debug, Clone, Copy)]
struct Clock {
    sleep: Option<Sleep>,
    fast_ppm: u32,
}

impl Clock {
    fn of(first: bool, ends: Ends) -> Self {
        let sleep = ends.sleep.filter(|sleep| sleep.of_first == first);
        Self { sleep, fast_ppm: if first { ends.fast_ppm } else { 0 } }
    }

    fn is_awake(self, elapsed: Duration) -> bool {
        !self.sleep.is_some_and(|sleep| sleep.lasts(elapsed))
    }

    /// What it shows by then.
    fn shows(self, elapsed: Duration) -> Instant {
        let behind = self.sleep.map_or(Duration::ZERO, |sleep| sleep.behind(elapsed));
        start() + elapsed + elapsed * self.fast_ppm / MILLION - behind
    }

    /// How long until it shows that, by true time.
    fn until(self, shown: Instant, elapsed: Duration) -> Duration {
        (shown - self.shows(elapsed)) * MILLION / (MILLION + self.fast_ppm)
    }

    /// When it showed that, on a machine that has not slept.
    fn showed(self, shown: Instant) -> Instant {
        start() + (shown - start()) * MILLION / (MILLION + self.fast_ppm)
    }
}

/// When an end tells of the packets that have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// As we do: by the clock.
    Timed,
    /// As GStreamer does: by a clock of its own, and only when a packet with a marker has come, as the last of a picture
    /// has.
    Seldom { first: Duration, every: Duration },
    /// Packets are numbered, and nobody tells of them.
    Never,
}

impl Ends {
    pub const WHOLE: Self = Self {
        sound: true,
        repairs: true,
        feedback: Feedback::Timed,
        cameras_from: 0,
        heavy: false,
        ours: true,
        sleep: None,
        fast_ppm: 0,
    };
    /// A peer that is another program.
    pub const STRANGERS: Self = Self { ours: false, ..Self::WHOLE };
}

/// Runs a call between whole ends.
pub fn run(schedule: &Schedule, seconds: u32, seed: u64) -> Report {
    run_between(Ends::WHOLE, schedule, seconds, seed)
}

/// Runs a call for `seconds`, and reports what the second end gets; both send, and the way back is as the way there.
pub fn run_between(ends: Ends, schedule: &Schedule, seconds: u32, seed: u64) -> Report {
    let (mut a, mut b) = (End::new(true, ends), End::new(false, ends));
    let mut links = [LinkModel::new(Link::PERFECT, seed), LinkModel::new(Link::PERFECT, seed + 1)];
    let mut flight = BTreeMap::<(Duration, u64), (bool, Packet)>::new();
    let clocks = [Clock::of(true, ends), Clock::of(false, ends)];
    let mut told = [(); 2].map(|()| Told::new(ends.feedback));
    let mut count = 0;
    let (mut targets, mut queued) = (Vec::new(), vec![Duration::ZERO; seconds as usize]);
    let end = Duration::from_secs(seconds.into());
    let (mut elapsed, mut turns) = (Duration::ZERO, vec![0; seconds as usize]);
    while elapsed < end {
        let second = elapsed.as_secs() as usize;
        turns[second] += 1;
        assert!(turns[second] < TURNS_MAX, "seed {seed}: woken for nothing after {elapsed:?}");
        let present = schedule.steps().iter().rev().find(|(at, _)| *at <= elapsed);
        let link = present.map_or(Link::PERFECT, |(_, link)| *link);
        for model in links.iter_mut().filter(|model| *model.link() != link) {
            model.set_link(link);
        }
        while let Some(entry) = flight.first_entry()
            && entry.key().0 <= elapsed
        {
            let (to_b, packet) = entry.remove();
            let clock = clocks[usize::from(to_b)];
            if clock.is_awake(elapsed) {
                told[usize::from(to_b)].see(&packet);
                if to_b { &mut b } else { &mut a }.receive(packet, clock.shows(elapsed));
            }
        }
        for (to_b, end, clock) in [(true, &mut a, clocks[0]), (false, &mut b, clocks[1])] {
            let awake = clock.is_awake(elapsed);
            let packets = if awake { end.tick(clock.shows(elapsed)) } else { Vec::new() };
            let told = &mut told[usize::from(!to_b)];
            for packet in packets.into_iter().flat_map(|packet| told.on_the_wire(packet, elapsed)) {
                let fate = links[usize::from(!to_b)].admit(size(&packet), elapsed);
                let Fate::Delivered { at, copies } = fate else { continue };
                if to_b {
                    let delay = Duration::from_secs_f64(link.delay_ms / 1_000.0);
                    queued[second] = (at - elapsed).saturating_sub(delay).max(queued[second]);
                }
                for _ in 0..copies {
                    count += 1;
                    flight.insert((at, count), (to_b, packet.clone()));
                }
            }
        }
        let wakes = |end: &mut End, clock: Clock| match clock.sleep.filter(|sleep| sleep.lasts(elapsed)) {
            Some(sleep) => sleep.from + sleep.length,
            None => elapsed + clock.until(end.wakes(clock.shows(elapsed)), elapsed),
        };
        let wakes = [wakes(&mut a, clocks[0]), wakes(&mut b, clocks[1])];
        let next = wakes.into_iter().chain(flight.keys().next().map(|(at, _)| *at)).min().unwrap_or(end);
        elapsed = next.max(elapsed + STEP);
        if elapsed.as_secs() as usize > second {
            targets.push(a.stats.get().target_bps.unwrap_or(0));
        }
    }
    let Viewer { mut pictures, mut sound, bytes, .. } = b.viewer;
    for shown in pictures.iter_mut().chain(&mut sound) {
        shown.made = clocks[0].showed(shown.made);
    }
    Report {
        pictures,
        sound,
        bytes,
        targets,
        queued,
        counted: [a.stats.get(), b.stats.get()],
        skipped: a.source.skipped,
        turns,
        said: a.source.said.into_iter().map(|at| clocks[0].showed(at)).collect(),
    }
}

fn size(packet: &Packet) -> usize {
    OVERHEAD
        + match packet {
            Packet::Rtp(rtp) => rtp.marshal_size(),
            Packet::Rtcp(packets) => packets.iter().map(|packet| packet.marshal_size()).sum(),
            _ => 0,
        }
}
