//! Spells of lateness: whether what has come late is over, as a queue that has drained, or a habit of the path's.
use std::{collections::VecDeque, time::Duration};

/// What comes so much later than the quickest is late, in microseconds.
pub(super) const LATE_US: i64 = 110_000;
/// When all has come in time for so long, a spell is over; what is late before that is part of the same.
const CALM: Duration = Duration::from_millis(1_500);
/// For how long spells are remembered, and how many of them are no habit: of more, others are to come.
const KEPT: Duration = Duration::from_secs(5);
const FEW: usize = 2;

/// When things came late, by their media time in microseconds.
#[derive(Debug, Default)]
pub(super) struct Spells {
    began: VecDeque<i64>,
    was_late: bool,
    last_late: Option<i64>,
}

impl Spells {
    /// Takes what has this media time and is so late, both in microseconds. Whether all that was late is over, and may be
    /// forgotten; says so once.
    pub fn are_over(&mut self, at_us: i64, late_us: i64) -> bool {
        let since = |then: i64| Duration::from_micros(u64::try_from(at_us - then).unwrap_or(0));
        let late = late_us > LATE_US;
        if late && !self.was_late && self.began.back().is_none_or(|began| since(*began) >= CALM) {
            self.began.push_back(at_us);
        }
        self.was_late = late;
        while self.began.front().is_some_and(|began| since(*began) >= KEPT) {
            self.began.pop_front();
        }
        if late {
            self.last_late = Some(at_us);
        }
        self.last_late.take_if(|last| since(*last) >= CALM && self.began.len() <= FEW).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a thing each 20 ms: when spells are over, in milliseconds.
    fn over(late: impl Fn(i64) -> bool) -> Vec<i64> {
        let mut spells = Spells::default();
        let late_us = |ms| if late(ms) { LATE_US + 1 } else { LATE_US };
        (0..10_000).step_by(20).filter(|ms| spells.are_over(ms * 1_000, late_us(*ms))).collect()
    }

    #[test]
    fn a_spell_is_over_after_a_calm_and_many_are_not() {
        assert_eq!(over(|ms| (1_000..1_400).contains(&ms)), [2_880]);
        assert_eq!(over(|ms| matches!(ms, 1_000 | 1_400)), [2_900], "one spell");
        assert_eq!(over(|ms| matches!(ms, 1_000 | 3_000)), [2_500, 4_500]);
        assert_eq!(over(|ms| ms % 1_600 == 0 && ms < 8_000), [1_500, 3_100, 8_200]);
    }
}
