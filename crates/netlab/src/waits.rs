//! How long packets wait for the rate.
use std::time::Duration;

/// Width of a class, and their number: a second and a quarter in all; what waits longer counts as that.
const CLASS: Duration = Duration::from_millis(5);
const CLASSES: usize = 250;

/// Packets by the time that they wait in the queue of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    packets: Box<[u64]>,
}

impl Default for Waits {
    fn default() -> Self {
        Self { packets: vec![0; CLASSES].into() }
    }
}

impl Waits {
    pub(crate) fn add(&mut self, wait: Duration) {
        let class = usize::try_from(wait.as_micros() / CLASS.as_micros()).unwrap_or(CLASSES);
        self.packets[class.min(CLASSES - 1)] += 1;
    }

    /// Those that came after `earlier`, which is of the same direction.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let packets = self.packets.iter().zip(&earlier.packets);
        Self { packets: packets.map(|(now, then)| now.saturating_sub(*then)).collect() }
    }

    /// The wait that this share of the packets does not exceed, 0 to 1, to 5 ms; `None` where none came.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let all: u64 = self.packets.iter().sum();
        let wanted = (share * all as f64).ceil().max(1.0);
        let mut so_far = 0;
        let class = self.packets.iter().position(|packets| {
            so_far += packets;
            so_far as f64 >= wanted
        })?;
        Some(CLASS * (u32::try_from(class).unwrap_or(u32::MAX) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_those_that_came_since() {
        let ms = Duration::from_millis;
        let mut waits = Waits::default();
        assert_eq!(waits.quantile(0.95), None);
        (0..50).for_each(|_| waits.add(ms(900)));
        let before = waits.clone();
        (0..100).for_each(|n| waits.add(ms(n)));
        waits.add(ms(60_000));
        let since = waits.since(&before);
        assert_eq!(
            [0.0, 0.5, 0.95, 1.0].map(|share| since.quantile(share)),
            [5, 55, 100, 1_250].map(|at| Some(ms(at)))
        );
        assert_eq!(before.quantile(0.95), Some(ms(905)));
    }
}
