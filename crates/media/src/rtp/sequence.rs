//! Counters that wrap, made endless.

/// Turns a wrapping counter into one that never wraps: each value is the one nearest to the newest so far.
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
        // Starting one turn up keeps a little reordering at the very start positive.
        let newest = *self.newest.get_or_insert(value + modulus);
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

    proptest! {
        #[test]
        fn small_steps_in_both_directions_survive_wrapping(start: u16, steps in prop::collection::vec(-300_i64..400, 1..500)) {
            let mut unwrapper = Unwrapper::default();
            let base = unwrapper.sequence(start);
            let mut truth = 0;
            let mut newest = 0;
            for step in steps {
                truth = (truth + step).max(newest - 20_000);
                newest = newest.max(truth);
                let wrapped = u16::try_from((i64::from(start) + truth).rem_euclid(1 << 16)).unwrap();
                prop_assert_eq!(unwrapper.sequence(wrapped) - base, truth);
            }
        }
    }
}
