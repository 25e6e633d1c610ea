//! A bounded set of figures, and its percentiles.

/// Figures kept: ten minutes of pictures at 60 frames a second; older ones make room.
const KEPT: usize = 36_000;

/// The newest figures of a series.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    values: Vec<f32>,
    at: usize,
}

/// What a series looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Percentiles {
    /// Half of the figures are at most this.
    pub p50: f32,
    /// 95 of 100 figures are at most this.
    pub p95: f32,
    /// The largest figure.
    pub max: f32,
    /// How many figures there are.
    pub n: usize,
}

impl Samples {
    /// Adds a figure.
    pub fn push(&mut self, value: f32) {
        if self.values.len() < KEPT {
            self.values.push(value);
        } else {
            self.values[self.at] = value;
            self.at = (self.at + 1) % KEPT;
        }
    }

    /// Percentiles (nearest rank) of what is kept; `None` of nothing.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f32::total_cmp);
        let n = sorted.len();
        let rank = |percent: usize| sorted.get((n * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Percentiles { p50: rank(50)?, p95: rank(95)?, max: rank(100)?, n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut samples = Samples::default();
        assert_eq!(samples.percentiles(), None);
        (1..=100).rev().for_each(|value| samples.push(value as f32));
        let expected = Percentiles { p50: 50.0, p95: 95.0, max: 100.0, n: 100 };
        assert_eq!(samples.percentiles(), Some(expected));
    }

    #[test]
    fn oldest_figures_make_room() {
        let mut samples = Samples::default();
        (0..2 * KEPT).for_each(|value| samples.push(value as f32));
        assert!(samples.values.iter().all(|value| *value >= KEPT as f32));
    }
}
