//! Two ends and the path between them, in virtual time.
use super::{
    end::End,
    start,
    told::Told,
    viewer::{Shown, Viewer},
};
use eyeline_netlab::{Fate, Link, LinkModel, Schedule};
use eyeline_transport::TransportStats;
use rtc::{interceptor::Packet, shared::marshal::MarshalSize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// IP, UDP and the tag of SRTP, in bytes.
const OVERHEAD: usize = 38;
/// Time moves by at least so much.
const STEP: Duration = Duration::from_micros(100);
/// In a second there is not more to do than this, at both ends. A stage that wants to be called at once, and then does nothing,
/// makes ten thousand.
const TURNS_MAX: u32 = 4_000;

/// What came of a run.
pub struct Report {
    pub pictures: Vec<Shown>,
    pub sound: Vec<Shown>,
    bytes: Vec<(Instant, usize)>,
    /// Of every second.
    targets: Vec<u64>,
    /// Longest wait of a packet in the path's queue, of every second.
    queued: Vec<Duration>,
    /// What the two ends counted.
    counted: [TransportStats; 2],
    /// Pictures that the sender left out.
    skipped: usize,
    /// How often something was to be done, of every second.
    turns: Vec<u32>,
    said: Vec<Instant>,
}

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
    let mut told = [(); 2].map(|()| Told::new(ends.feedback));
    let mut count = 0;
    let (mut targets, mut queued) = (Vec::new(), vec![Duration::ZERO; seconds as usize]);
    let end = Duration::from_secs(seconds.into());
    let (mut elapsed, mut turns) = (Duration::ZERO, vec![0; seconds as usize]);
    while elapsed < end {
        let second = elapsed.as_secs() as usize;
        turns[second] += 1;
        assert!(turns[second] < TURNS_MAX, "seed {seed}: woken for nothing after {elapsed:?}");
        let now = start() + elapsed;
        let present = schedule.steps().iter().rev().find(|(at, _)| *at <= elapsed);
        let link = present.map_or(Link::PERFECT, |(_, link)| *link);
        for model in links.iter_mut().filter(|model| *model.link() != link) {
            model.set_link(link);
        }
        let sleeps = |first: bool| ends.sleep.filter(|sleep| sleep.of_first == first);
        let is_awake = |first: bool| !sleeps(first).is_some_and(|sleep| sleep.lasts(elapsed));
        let behind = |first: bool| sleeps(first).map_or(Duration::ZERO, |sleep| sleep.behind(elapsed));
        while let Some(entry) = flight.first_entry()
            && entry.key().0 <= elapsed
        {
            let (to_b, packet) = entry.remove();
            if is_awake(!to_b) {
                told[usize::from(to_b)].see(&packet);
                if to_b { &mut b } else { &mut a }.receive(packet, now - behind(!to_b));
            }
        }
        for (to_b, end) in [(true, &mut a), (false, &mut b)] {
            let packets = if is_awake(to_b) { end.tick(now - behind(to_b)) } else { Vec::new() };
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
        let wakes = |end: &mut End, first: bool| match sleeps(first).filter(|sleep| sleep.lasts(elapsed)) {
            Some(sleep) => start() + sleep.from + sleep.length,
            None => end.wakes(now - behind(first)) + behind(first),
        };
        let wakes = [
            Some(wakes(&mut a, true)),
            Some(wakes(&mut b, false)),
            flight.keys().next().map(|(at, _)| start() + *at),
        ];
        let next = wakes.into_iter().flatten().min().map_or(end, |at| at.saturating_duration_since(start()));
        elapsed = next.max(elapsed + STEP);
        if elapsed.as_secs() as usize > second {
            targets.push(a.stats.get().target_bps.unwrap_or(0));
        }
    }
    let Viewer { pictures, sound, bytes, .. } = b.viewer;
    Report {
        pictures,
        sound,
        bytes,
        targets,
        queued,
        counted: [a.stats.get(), b.stats.get()],
        skipped: a.source.skipped,
        turns,
        said: a.source.said,
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

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [sent, received] = &self.counted;
        writeln!(f, "targets, kbit/s: {:?}", self.targets.iter().map(|bps| bps / 1_000).collect::<Vec<_>>())?;
        writeln!(f, "queued, ms: {:?}", self.queued.iter().map(Duration::as_millis).collect::<Vec<_>>())?;
        writeln!(
            f,
            "{} turns in a second, {} resent, {} dropped, {} pictures left out, {} requests for key frames, {} sounds made good",
            self.turns.iter().max().unwrap_or(&0),
            sent.retransmits_sent,
            sent.pacer_dropped,
            self.skipped,
            received.video_in.plis,
            received.audio_made_good
        )
    }
}

impl Report {
    /// What media took of the path between two seconds, in kbit/s, repairs not counted twice.
    pub fn kbps(&self, from: u32, to: u32) -> f64 {
        let bytes: usize = within(&self.bytes, |(at, _)| *at, from, to).map(|(_, size)| size).sum();
        bytes as f64 * 8.0 / 1_000.0 / f64::from(to - from)
    }

    /// Pictures a second between two seconds.
    pub fn fps(&self, from: u32, to: u32) -> f64 {
        within(&self.pictures, |shown| shown.at, from, to).count() as f64 / f64::from(to - from)
    }

    /// Part of the sound made between two seconds that never came, or later than `limit` after it was made.
    pub fn sound_lost(&self, limit: Duration, from: u32, to: u32) -> f64 {
        let came: BTreeSet<Instant> = self
            .sound
            .iter()
            .filter(|shown| shown.at - shown.made <= limit)
            .map(|shown| shown.made)
            .collect();
        let made = within(&self.said, |at| *at, from, to);
        let (lost, all) =
            made.fold((0, 0), |(lost, all), at| (lost + u32::from(!came.contains(at)), all + 1));
        f64::from(lost) / f64::from(all.max(1))
    }

    /// Longest time without a new picture between two seconds.
    pub fn freeze(&self, from: u32, to: u32) -> Duration {
        self.gaps(from, to).max().unwrap_or_default()
    }

    /// Time that was spent without a new picture for longer than `limit`, between two seconds.
    pub fn frozen(&self, limit: Duration, from: u32, to: u32) -> Duration {
        self.gaps(from, to).filter(|gap| *gap > limit).sum()
    }

    fn gaps(&self, from: u32, to: u32) -> impl Iterator<Item = Duration> {
        let ends = [from, to].map(|s| start() + Duration::from_secs(s.into()));
        let shown = within(&self.pictures, |shown| shown.at, from, to).map(|shown| shown.at);
        let times: Vec<Instant> = [ends[0]].into_iter().chain(shown).chain([ends[1]]).collect();
        (1..times.len()).map(move |n| times[n] - times[n - 1])
    }

    /// From being made to being shown, at that percentile, between two seconds.
    pub fn delay(&self, shown: &[Shown], percentile: usize, from: u32, to: u32) -> Duration {
        let mut delays: Vec<Duration> = within(shown, |s| s.at, from, to).map(|s| s.at - s.made).collect();
        delays.sort_unstable();
        let index = (delays.len() * percentile / 100).min(delays.len().saturating_sub(1));
        delays.get(index).copied().unwrap_or(Duration::MAX)
    }
}

fn within<'a, T>(
    items: &'a [T],
    at: impl Fn(&T) -> Instant + 'a,
    from: u32,
    to: u32,
) -> impl Iterator<Item = &'a T> {
    let [from, to] = [from, to].map(|s| start() + Duration::from_secs(s.into()));
    items.iter().filter(move |item| (from..to).contains(&at(item)))
}
