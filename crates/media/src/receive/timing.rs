//! When a picture is shown, as far as the network decides: as soon as it is whole, but neither in bursts nor with stops.
use super::spells::{LATE_US, Spells};
use crate::frame::MediaTime;
use std::{collections::VecDeque, time::Duration};

/// The quickest transit of this long serves as the base: sender's and receiver's clocks drift apart by 0.1 ms in it.
const BASE_WINDOW_US: i64 = 5_000_000;
/// Weight of one picture in the mean lateness.
const GAIN: f64 = 0.06;
/// Most that smoothness may cost.
const MAX_WAIT_US: f64 = 100_000.0;
/// For how long lateness is remembered.
const KEPT_US: i64 = 5_000_000;
/// And of so many pictures at most: 5 s of 60 a second.
const SEEN_MAX: usize = 300;
/// Of them, those that may come as a stop: one in this many, and two of fewer; but none of the first so many, of which the
/// first late one shows what the path is like.
const STOPS: usize = 60;
const STOPS_LEAST: usize = 2;
/// A picture so much later than the one before it looks like a stop (W3C's `freezeCount`: 150 ms).
const STOP_US: i64 = LATE_US;
/// Most that the absence of stops may cost: with more, talking suffers more than looking gains.
const MAX_STOP_WAIT_US: i64 = 400_000;
/// Pictures that become whole together, as after a repair, follow one another so closely: each is seen at 60 Hz.
const SPACING_US: i64 = 16_500;
/// Most that this may cost; with more of them the newest ones are shown at once.
const CATCH_UP_US: i64 = 100_000;

/// Transit times in, the moment of showing out.
///
/// Pictures are delayed by the mean lateness, which takes the edge off jitter; and by as much as keeps late ones, such as
/// those that were repaired over a long path, from looking like stops. Both cost nothing on a path that is neither jittery
/// nor lossy.
#[derive(Debug, Default)]
pub struct VideoTiming {
    base: MinFilter,
    mean_late_us: f64,
    /// Media time and lateness of each picture.
    seen: VecDeque<(i64, i64)>,
    spells: Spells,
    last_due: Option<MediaTime>,
    /// Pictures so far, as far as it matters.
    count: usize,
}

impl VideoTiming {
    /// The moment at which a picture of this RTP time (unwrapped, 90 kHz), whole since `complete_at`, is due.
    pub fn due(&mut self, rtp_time: i64, complete_at: MediaTime) -> MediaTime {
        let media_us = rtp_time * 100 / 9;
        let transit = complete_at.0 - media_us;
        let base = self.base.update(transit, complete_at.0);
        let late = transit - base;
        self.mean_late_us += ((late as f64).min(4.0 * MAX_WAIT_US) - self.mean_late_us) * GAIN;
        self.remember(media_us, late);
        let wait = (self.mean_late_us.min(MAX_WAIT_US) as i64).max(self.against_stops());
        let due = self.spaced(complete_at.max(MediaTime(media_us + base + wait)));
        self.last_due = Some(due);
        due
    }

    fn remember(&mut self, media_us: i64, late: i64) {
        self.count = (self.count + 1).min(STOPS);
        self.seen.push_back((media_us, late));
        if self.spells.are_over(media_us, late) {
            self.seen.retain(|(_, late)| *late <= LATE_US);
        }
        // Media time is the sender's word.
        let is_old = |(at, _): &(i64, i64)| media_us - at >= KEPT_US;
        while self.seen.len() > SEEN_MAX || self.seen.front().is_some_and(is_old) {
            self.seen.pop_front();
        }
    }

    /// Not at once with the picture before it, where that costs little.
    fn spaced(&self, due: MediaTime) -> MediaTime {
        let apart = self.last_due.map_or(due, |last| MediaTime(last.0 + SPACING_US));
        if (due.0..=due.0 + CATCH_UP_US).contains(&apart.0) { apart } else { due }
    }

    /// So long that of the last pictures all but a few come less than a stop later.
    fn against_stops(&self) -> i64 {
        let mut late: Vec<i64> = self.seen.iter().map(|(_, late)| *late).collect();
        let allowed = if self.count < STOPS { 0 } else { (late.len() / STOPS).max(STOPS_LEAST) };
        let index = (late.len() - 1).saturating_sub(allowed);
        let (_, latest, _) = late.select_nth_unstable(index);
        (*latest - STOP_US).clamp(0, MAX_STOP_WAIT_US)
    }
}

/// Minimum over the last one to two windows.
#[derive(Debug, Default)]
pub(super) struct MinFilter {
    windows: Option<[i64; 2]>,
    since_us: i64,
}

impl MinFilter {
    /// Takes a value, and returns the minimum.
    pub(super) fn update(&mut self, value: i64, now_us: i64) -> i64 {
        let [mut current, mut previous] = self.windows.unwrap_or_else(|| {
            self.since_us = now_us;
            [value; 2]
        });
        if now_us - self.since_us > BASE_WINDOW_US {
            (previous, current) = (current, value);
            self.since_us = now_us;
        }
        current = current.min(value);
        self.windows = Some([current, previous]);
        current.min(previous)
    }

    /// The minimum, if there is one.
    pub(super) fn get(&self) -> Option<i64> {
        self.windows.map(|[current, previous]| current.min(previous))
    }
}

/// What remains until `due`, at most `limit`.
pub(super) fn bounded(due: MediaTime, now: MediaTime, limit: Duration) -> MediaTime {
    due.min(now.plus(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many pictures, thirty a second, each so much late, in microseconds: when it is whole, and when due.
    fn shown(count: i64, late: impl Fn(i64) -> i64) -> Vec<(MediaTime, MediaTime)> {
        let mut timing = VideoTiming::default();
        let picture = |frame: i64| {
            let complete_at = MediaTime(5_000_000 + frame * 100_000 / 3 + late(frame));
            (complete_at, timing.due(frame * 3000, complete_at))
        };
        (0..count).map(picture).collect()
    }

    /// How long each waits.
    fn waits(shown: &[(MediaTime, MediaTime)]) -> Vec<Duration> {
        shown.iter().map(|(complete_at, due)| *due - *complete_at).collect()
    }

    /// From each to the next, in microseconds.
    fn steps(shown: &[(MediaTime, MediaTime)]) -> Vec<i64> {
        shown.windows(2).map(|pair| pair[1].1.0 - pair[0].1.0).collect()
    }

    #[test]
    fn steady_stream_is_shown_at_once() {
        assert!(waits(&shown(100, |_| 0)).iter().all(|wait| *wait < Duration::from_millis(1)));
    }

    #[test]
    fn jitter_is_halved_at_least() {
        let shown = shown(300, |frame| if frame % 2 == 0 { 0 } else { 40_000 });
        let spread = |times: &dyn Fn(&(MediaTime, MediaTime)) -> MediaTime| {
            let delays = (0_i64..).zip(&shown).map(|(frame, picture)| times(picture).0 - frame * 100_000 / 3);
            let delays: Vec<i64> = delays.skip(200).collect();
            delays.iter().max().unwrap() - delays.iter().min().unwrap()
        };
        let (due, arrived) = (spread(&|(_, due)| *due), spread(&|(complete_at, _)| *complete_at));
        assert!(due * 2 < arrived + 4_000, "{due}");
    }

    #[test]
    fn repairs_over_a_long_path_do_not_stop_the_picture() {
        // Every tenth picture is repaired 300 ms later, and those after it wait for it.
        let shown = shown(900, |frame| (300_000 - (frame % 10) * 100_000 / 3).max(0));
        let stop = steps(&shown[300..]).into_iter().max();
        assert!(stop.is_some_and(|stop| stop <= STOP_US + 40_000), "{stop:?}");
    }

    #[test]
    fn a_queue_that_has_drained_delays_no_longer() {
        let waited = waits(&shown(240, |frame| if (60..90).contains(&frame) { 500_000 } else { 0 }));
        assert!(waited[100] > Duration::from_millis(200), "{:?}", waited[100]);
        assert!(waited[136..].iter().all(|wait| *wait < Duration::from_millis(60)), "{:?}", &waited[136..]);
    }

    #[test]
    fn pictures_that_become_whole_together_are_seen_one_after_another() {
        // The sixtieth is repaired after 100 ms, and those behind it wait for it.
        let shown = shown(70, |frame| match frame {
            60..63 => 100_000 - (frame - 60) * 100_000 / 3,
            _ => 0,
        });
        let steps = steps(&shown);
        assert!(steps.iter().all(|step| *step >= SPACING_US - 1_000), "{steps:?}");
    }

    #[test]
    fn one_late_picture_now_and_then_delays_none_of_the_others() {
        // One in so many, the first of them so early.
        for (every, first) in [(100, 99), (70, 65), (900, 80)] {
            let shown = shown(900, |frame| if frame % every == first { 300_000 } else { 0 });
            let waited = waits(&shown).into_iter().max().unwrap();
            assert!(waited < Duration::from_millis(25), "one in {every}: {waited:?}");
        }
    }

    #[test]
    fn one_late_picture_among_the_first_is_a_warning() {
        let shown = shown(60, |frame| if matches!(frame, 20 | 40) { 250_000 } else { 0 });
        let steps = steps(&shown);
        let stops: Vec<i64> = steps.into_iter().filter(|step| *step > STOP_US + 40_000).collect();
        assert_eq!(stops.len(), 1, "only the first: {stops:?}");
    }

    #[test]
    fn late_pictures_that_keep_coming_are_waited_for_however_calm_it_is_between() {
        let shown = shown(900, |frame| if frame % 50 == 49 { 300_000 } else { 0 });
        let stop = steps(&shown[300..]).into_iter().max();
        assert!(stop.is_some_and(|stop| stop <= STOP_US + 40_000), "{stop:?}");
    }

    #[test]
    fn sixty_pictures_a_second_are_no_repaired_ones() {
        let mut timing = VideoTiming::default();
        for frame in 0..3_000_i64 {
            let complete_at = MediaTime(5_000_000 + frame * 50_000 / 3);
            let waited = timing.due(frame * 1_500, complete_at) - complete_at;
            assert!(waited < Duration::from_millis(1), "picture {frame}: {waited:?}");
        }
    }

    #[test]
    fn minimum_forgets_what_is_long_past() {
        let mut filter = MinFilter::default();
        filter.update(0, 0);
        assert_eq!(filter.update(10, 1_000_000), 0);
        filter.update(10, 6_000_000);
        assert_eq!(filter.update(10, 12_000_000), 10);
    }
}
