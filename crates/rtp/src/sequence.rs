//! Counters that wrap, made endless.

/// Turns a wrapping counter into one that never wraps: each value is the one nearest to the newest so far (RFC 3550 appendix
/// A.1), and the first is as it came.
#[derive(Debug, Clone, Default)]
pub struct Unwrapper {
    newest: Option<i64>,
}

impl Unwrapper {
    /// A 16-bit sequence number.
    pub fn sequence(&mut self, value: u16) -> i64 {
        self.unwrap(i64::from(value), 1 << 16)
    }

    /// A 32-bit RTP timestamp.
    pub fn timestamp(&mut self, value: u32) -> i64 {
        self.unwrap(i64::from(value), 1 << 32)
    }

    fn unwrap(&mut self, value: i64, modulus: i64) -> i64 {
        let newest = *self.newest.get_or_insert(value);
        let forward = (value - newest).rem_euclid(modulus);
        let unwrapped = if forward < modulus / 2 { newest + forward } else { newest + forward - modulus };
        self.newest = Some(newest.max(unwrapped));
        unwrapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_on_across_the_wrap_and_back() {
        let mut unwrapper = Unwrapper::default();
        let wide = [65_534, 65_535, 0, 1, 65_535, 2].map(|value| unwrapper.sequence(value));
        assert_eq!(wide, [65_534, 65_535, 65_536, 65_537, 65_535, 65_538]);
        let mut unwrapper = Unwrapper::default();
        assert_eq!(
            [5, u32::MAX, 6].map(|value| unwrapper.timestamp(value)),
            [5, -1, 6],
            "the first came late"
        );
    }

    proptest! {
        #[test]
        fn steps_under_half_the_circle_are_followed(start: u16, steps in prop::collection::vec(-20_000_i64..20_000, 1..500)) {
            let mut unwrapper = Unwrapper::default();
            let mut newest = i64::from(start);
            prop_assert_eq!(unwrapper.sequence(start), newest);
            for step in steps {
                let wide = newest + step;
                newest = newest.max(wide);
                let wrapped = u16::try_from(wide.rem_euclid(1 << 16)).unwrap();
                prop_assert_eq!(unwrapper.sequence(wrapped), wide);
            }
        }
    }
}
