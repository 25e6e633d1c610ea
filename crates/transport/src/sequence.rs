//! RTP sequence numbers without their wrap.

/// Widens 16-bit sequence numbers to ones that never wrap, by nearness to the highest seen (RFC 3550 appendix A.1).
#[derive(Debug, Default)]
pub struct Unwrapper {
    highest: Option<i64>,
}

impl Unwrapper {
    /// `sequence`, widened. Right as long as it lies within 32768 of the highest seen.
    pub fn unwrap(&mut self, sequence: u16) -> i64 {
        let Some(highest) = self.highest else {
            self.highest = Some(i64::from(sequence));
            return i64::from(sequence);
        };
        // The low 16 bits of `highest` are the wire's number, also where it is negative.
        let step = sequence.wrapping_sub(highest as u16) as i16;
        let wide = highest + i64::from(step);
        self.highest = Some(highest.max(wide));
        wide
    }
}

#[cfg(test)]
mod tests {
    use super::Unwrapper;
    use proptest::prelude::*;

    #[test]
    fn counts_on_across_the_wrap_and_back() {
        let mut unwrapper = Unwrapper::default();
        let wide: Vec<i64> = [65_534, 65_535, 0, 1, 65_535, 2].map(|s| unwrapper.unwrap(s)).into();
        assert_eq!(wide, [65_534, 65_535, 65_536, 65_537, 65_535, 65_538]);
    }

    proptest! {
        #[test]
        fn steps_under_half_the_circle_are_followed(start: u16, steps in prop::collection::vec(-1000i64..1000, 0..200)) {
            let mut unwrapper = Unwrapper::default();
            let mut wide = i64::from(start);
            prop_assert_eq!(unwrapper.unwrap(start), wide);
            let mut highest = wide;
            for step in steps {
                wide = highest + step;
                highest = highest.max(wide);
                prop_assert_eq!(unwrapper.unwrap(wide as u16), wide);
            }
        }
    }
}
