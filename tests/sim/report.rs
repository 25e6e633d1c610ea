//! What came of a run.
use super::{start, viewer::Shown};
use eyeline_transport::TransportStats;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// Of the second end, where nothing else is said.
pub struct Report {
    pub pictures: Vec<Shown>,
    pub sound: Vec<Shown>,
    pub(super) bytes: Vec<(Instant, usize)>,
    /// Of every second.
    pub(super) targets: Vec<u64>,
    /// Longest wait of a packet in the path's queue, of every second.
    pub(super) queued: Vec<Duration>,
    /// What the two ends counted.
    pub(super) counted: [TransportStats; 2],
    /// Pictures that the sender left out.
    pub(super) skipped: usize,
    /// How often something was to be done, of every second.
    pub(super) turns: Vec<u32>,
    pub(super) said: Vec<Instant>,
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

    /// Mean of each second's longest wait in the path's queue, between two seconds.
    pub fn queued_on_average(&self, from: u32, to: u32) -> Duration {
        let seconds = &self.queued[from as usize..to as usize];
        seconds.iter().sum::<Duration>() / (to - from)
    }

    /// How often something was to be done in a second, between two seconds.
    pub fn turns_on_average(&self, from: u32, to: u32) -> f64 {
        f64::from(self.turns[from as usize..to as usize].iter().sum::<u32>()) / f64::from(to - from)
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
