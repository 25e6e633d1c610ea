//! What probes do to the target.
use super::*;

/// The target after the two trains that a connection begins with, each found whole: what it looked like, and what is sure.
fn begun_with(trains: [(f64, f64); 2]) -> f64 {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: nothing passes")]
    let now = Instant::now();
    let mut estimator = Estimator::default();
    estimator.begin(now);
    for (id, (bps, sure_bps)) in (0..).zip(trains) {
        estimator.most_found = estimator.most_found.max(bps);
        estimator.on_probe(now, Found { id, bps, sure_bps, whole: true });
    }
    estimator.target()
}

#[test]
fn two_trains_that_agree_are_not_doubted() {
    #[expect(clippy::disallowed_methods, reason = "any instant will do: the test counts from it")]
    let now = Instant::now();
    let found = |id| Found { id, bps: 900e3, sure_bps: 200e3, whole: true };
    let after = |second: u32, later: Duration| {
        let mut estimator = Estimator::default();
        estimator.begin(now);
        estimator.on_probe(now, found(second - 1));
        // As the rest of it arrives.
        estimator.on_probe(now, found(second - 1));
        estimator.on_probe(now + later, found(second));
        estimator.target()
    };
    assert!((after(3, Duration::from_secs(1)) - 900e3).abs() < 1.0);
    assert!((after(3, Duration::from_secs(4)) - START_BPS).abs() < 1.0, "another time");
    assert!((after(1, Duration::from_secs(1)) - START_BPS).abs() < 1.0, "they left together");
}

#[test]
fn first_trains_that_find_less_lower_the_guess_and_never_raise_it() {
    assert!((begun_with([(280e3, 270e3), (250e3, 240e3)]) - 280e3).abs() < 1.0);
    assert!((begun_with([(711e3, 267e3), (256e3, 250e3)]) - START_BPS).abs() < 1.0, "jitter");
    assert!((begun_with([(711e3, 690e3), (256e3, 250e3)]) - 690e3).abs() < 1.0, "no guess any more");
}
