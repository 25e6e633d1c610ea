//! Spells of lateness: whether what has come late is over, as a queue that has drained, or a habit of the path's.
use std::{collections::VecDeque, time::Duration};

/// When nothing has come so late for so long, a spell is over.
const CALM: Duration = Duration::from_millis(1_500);
/// For how long spells are remembered, and how many of them are no habit: of more, others are to come.
const KEPT: Duration = Duration::from_secs(5);
const FEW: usize = 2;
/// Degrees of lateness that are told apart, in microseconds: that from which on it counts at all, and each so much later.
/// What came very late is forgotten though other things still come a little late.
pub(super) const LATE_US: i64 = 110_000;
const DEGREE_US: i64 = 100_000;
const DEGREES: usize = 4;

/// What was late, by degrees.
#[derive(Debug, Default)]
pub(super) struct Spells([Degree; DEGREES]);

/// When things came so late, by their media time in microseconds.
#[derive(Debug, Default)]
struct Degree {
    began: VecDeque<i64>,
    was_late: bool,
    last_late: Option<i64>,
}

impl Spells {
    /// Takes what has this media time and is so late, both in microseconds. Whatever came later than the answer is over,
    /// and may be forgotten; says so once.
    pub fn over(&mut self, at_us: i64, late_us: i64) -> Option<i64> {
        let degrees = self.0.iter_mut().zip((LATE_US..).step_by(DEGREE_US as usize));
        let over =
            degrees.filter_map(|(degree, least)| degree.is_over(at_us, late_us > least).then_some(least));
        // All of them are to hear of it.
        over.fold(None, |least, over| Some(least.unwrap_or(over).min(over)))
    }
}

impl Degree {
    fn is_over(&mut self, at_us: i64, late: bool) -> bool {
        let since = |then: i64| Duration::from_micros(u64::try_from(at_us - then).unwrap_or(0));
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

    /// Of a thing each 20 ms, each so late: when a spell is over, and what then is, in milliseconds.
    fn over(late_ms: impl Fn(i64) -> i64) -> Vec<(i64, i64)> {
        let mut spells = Spells::default();
        let all = (0..10_000).step_by(20);
        all.filter_map(|ms| Some((ms, spells.over(ms * 1_000, late_ms(ms) * 1_000)? / 1_000))).collect()
    }

    #[test]
    fn a_spell_is_over_after_a_calm_and_many_are_not() {
        let late = |late: bool| if late { 150 } else { 0 };
        assert_eq!(over(|ms| late((1_000..1_400).contains(&ms))), [(2_880, 110)]);
        assert_eq!(over(|ms| late(matches!(ms, 1_000 | 1_400))), [(2_900, 110)], "one spell");
        assert_eq!(over(|ms| late(matches!(ms, 1_000 | 3_000))), [(2_500, 110), (4_500, 110)]);
        let again = over(|ms| late(ms % 1_600 == 0 && ms < 8_000));
        assert_eq!(again, [(1_500, 110), (3_100, 110), (8_200, 110)]);
    }

    #[test]
    fn what_was_very_late_is_over_before_what_is_a_little_late() {
        let falls = |ms: i64| match ms {
            1_000..1_400 => 400,
            1_400..2_600 => 150,
            _ => 0,
        };
        assert_eq!(over(falls), [(2_880, 210), (4_080, 110)]);
    }
}
