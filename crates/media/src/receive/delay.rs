//! How long sound must be held back so that nearly every packet comes in time (the idea of NetEQ's delay manager).
use super::{
    spells::{LATE_US, Spells},
    timing::MinFilter,
};
use crate::frame::MediaTime;

/// Target before anything is known. With more of it (80 ms), a narrow path's first second is concealed for 40 ms less, and
/// what is said then is hurried by as much more everywhere else (measured).
const START_US: i64 = 40_000;
/// The target stays between these: below, the playout thread's own jitter would be heard; above, no conversation is
/// possible.
const RANGE_US: (i64, i64) = (20_000, LONGEST_US);
/// The upper end of that.
pub(super) const LONGEST_US: i64 = 500_000;
/// Where every packet is later than any target by so much, for so long, it is the sender's clock that has stood still (its
/// machine slept), or a path that has become longer: what was known of the quickest packet holds no more.
const OUTDATED_US: (i64, i64) = (LONGEST_US + 250_000, 500_000);
/// On top of the histogram's answer: a packet is needed up to one block before it is heard.
const MARGIN_US: i64 = 10_000;
/// Width of a bucket, and their number: half a second in all.
const BUCKET_US: i64 = 5_000;
const BUCKETS: usize = 100;
/// What a past packet still weighs after each new one: 150 packets, three seconds, make the picture.
const FORGET: f32 = 1.0 - 1.0 / 150.0;
/// Share of the packets that must come in time (NetEQ's own quantile).
const QUANTILE: f32 = 0.97;
/// Packets until the histogram is believed.
const BELIEVED: u32 = 25;

/// Arrival times in, target delay out.
#[derive(Debug)]
pub(super) struct DelayEstimator {
    base: MinFilter,
    histogram: [f32; BUCKETS],
    spells: Spells,
    packets: u32,
    target_us: i64,
    /// Since when every packet is much too late.
    outdated_since: Option<MediaTime>,
}

impl Default for DelayEstimator {
    fn default() -> Self {
        Self {
            base: MinFilter::default(),
            histogram: [0.0; BUCKETS],
            spells: Spells::default(),
            packets: 0,
            target_us: START_US,
            outdated_since: None,
        }
    }
}

impl DelayEstimator {
    /// Takes the arrival of a packet whose first sample has this media time, in microseconds.
    pub(super) fn arrived(&mut self, media_us: i64, arrival: MediaTime) {
        let transit = arrival.0 - media_us;
        self.outdated_since = match self.base.get() {
            Some(base) if transit - base > OUTDATED_US.0 => self.outdated_since.or(Some(arrival)),
            _ => None,
        };
        if self.outdated_since.is_some_and(|since| arrival.0 - since.0 >= OUTDATED_US.1) {
            *self = Self::default();
        }
        let late = transit - self.base.update(transit, arrival.0);
        let bucket = bucket_of(late);
        self.histogram.iter_mut().for_each(|weight| *weight *= FORGET);
        self.histogram[bucket] += 1.0 - FORGET;
        if self.spells.are_over(media_us, late) {
            self.histogram[bucket_of(LATE_US)..].fill(0.0);
        }
        self.packets = self.packets.saturating_add(1);
        if self.packets >= BELIEVED {
            self.target_us = (self.quantile_us() + MARGIN_US).clamp(RANGE_US.0, RANGE_US.1);
        }
    }

    fn quantile_us(&self) -> i64 {
        let wanted = self.histogram.iter().sum::<f32>() * QUANTILE;
        let mut sum = 0.0;
        let mut edge = 0;
        for weight in self.histogram {
            sum += weight;
            edge += BUCKET_US;
            if sum >= wanted {
                break;
            }
        }
        edge
    }

    /// The delay to aim at, in microseconds.
    pub(super) fn target_us(&self) -> i64 {
        self.target_us
    }

    /// How much later than the quickest packet allows a sample of this media time would be played at `now`.
    pub(super) fn delay_us(&self, media_us: i64, now: MediaTime) -> i64 {
        self.base.get().map_or(0, |base| now.0 - media_us - base)
    }
}

fn bucket_of(late_us: i64) -> usize {
    usize::try_from(late_us / BUCKET_US).unwrap_or(0).min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target_ms(late_us: impl Fn(i64) -> i64) -> i64 {
        let mut delay = DelayEstimator::default();
        for packet in 0..1000 {
            delay.arrived(packet * 20_000, MediaTime(1_000_000 + packet * 20_000 + late_us(packet)));
        }
        delay.target_us() / 1000
    }

    #[test]
    fn clean_network_needs_the_least() {
        assert_eq!(target_ms(|_| 0), 20);
    }

    #[test]
    fn what_came_late_is_forgotten_when_it_is_over() {
        let target_ms = |packets: i64| {
            let mut delay = DelayEstimator::default();
            for packet in 0..packets {
                let late = if (500..550).contains(&packet) { 200_000 } else { 0 };
                delay.arrived(packet * 20_000, MediaTime(1_000_000 + packet * 20_000 + late));
            }
            delay.target_us() / 1000
        };
        assert_eq!([500, 550, 620, 630].map(target_ms), [20, 215, 215, 20]);
    }

    #[test]
    fn a_sender_that_slept_is_as_late_as_it_is_from_half_a_second_on() {
        let mut delay = DelayEstimator::default();
        let mut at_playout = Vec::new();
        for packet in 0..1000 {
            let slept = if packet < 500 { 0 } else { 15_000_000 };
            let arrival = MediaTime(1_000_000 + packet * 20_000 + slept);
            delay.arrived(packet * 20_000, arrival);
            at_playout.push(delay.delay_us(packet * 20_000, arrival) / 1000);
        }
        assert_eq!([499, 500, 524, 525, 999].map(|packet| at_playout[packet]), [0, 15_000, 15_000, 0, 0]);
    }

    #[test]
    fn what_a_cut_held_up_does_not_count_as_late_for_good() {
        let mut delay = DelayEstimator::default();
        for packet in 0..1000 {
            let held = if (400..650).contains(&packet) { (650 - packet) * 20_000 } else { 0 };
            delay.arrived(packet * 20_000, MediaTime(1_000_000 + packet * 20_000 + held));
        }
        assert_eq!(delay.delay_us(0, MediaTime(1_000_000)), 0);
    }

    #[test]
    fn jitter_is_covered_but_one_outlier_in_a_hundred_is_not() {
        assert_eq!(target_ms(|packet| (packet * 7 % 10) * 10_000), 105);
        assert_eq!(target_ms(|packet| if packet % 100 == 0 { 300_000 } else { 0 }), 20);
    }
}
