//! What a call is judged by.
use super::{case::Case, end::End};
use eyeline_tests::course::{mean, number};

/// One figure of a call.
pub struct Kind {
    /// With its unit.
    pub name: &'static str,
    /// Digits after the point.
    pub digits: usize,
    /// Whether less is better.
    pub less_is_better: bool,
    /// Of several ends.
    together: Together,
    /// Of one end; `None` where it is not known there or has no meaning in the case.
    of: fn(&End, &Case) -> Option<f64>,
}

/// What figures of several ends are as one.
enum Together {
    Mean,
    Sum,
}

impl Kind {
    const fn less(name: &'static str, digits: usize, of: fn(&End, &Case) -> Option<f64>) -> Self {
        Self { name, digits, less_is_better: true, together: Together::Mean, of }
    }

    const fn more(name: &'static str, digits: usize, of: fn(&End, &Case) -> Option<f64>) -> Self {
        Self { less_is_better: false, ..Self::less(name, digits, of) }
    }

    const fn sum(self) -> Self {
        Self { together: Together::Sum, ..self }
    }
}

/// The figures, in the order of [`Figures`].
pub const KINDS: [Kind; 23] = [
    Kind::less("setup with 1 s of ringing, ms", 0, |end, _| {
        end.calls.then(|| number(&end.summary, "setup_ms"))?
    }),
    Kind::less("accept to first frame, ms", 0, |end, _| end.of_pictures("first_frame_ms")),
    Kind::less("rise to 90 % of the steady rate, s", 1, |end, case| {
        end.course.rate_reached_s(0.0, &case.steady_s())
    }),
    Kind::less("latency p50, ms", 0, |end, _| end.of_pictures("latency_ms.p50")),
    Kind::less("latency p95, ms", 0, |end, _| end.of_pictures("latency_ms.p95")),
    Kind::more("frames a second", 1, |end, case| end.course.mean(&case.settled_s(), "fps")),
    Kind::more("lines of picture", 0, |end, case| end.course.mean(&case.settled_s(), "size.1")),
    Kind::more("received, kbit/s", 0, |end, case| end.course.mean(&case.settled_s(), "kbps_in")),
    Kind::more("of the path used, %", 0, |end, _| end.used.map(|used| used * 100.0)),
    Kind::less("queue p95, ms", 0, |end, _| end.queue.map(|wait| wait.as_secs_f64() * 1000.0)),
    Kind::less("frozen, s", 1, |end, _| number(&end.summary, "freeze_s")),
    Kind::less("longest gap, ms", 0, |end, _| end.of_pictures("gap_ms.max")),
    Kind::less("sound concealed, %", 1, |end, _| number(&end.summary, "audio_concealed_pct")),
    Kind::less("narrower: latency back, s", 1, |end, case| {
        end.course.latency_back_s(end.change(case)?, &case.steady_s())
    }),
    Kind::less("while narrow: longest gap over 200 ms, ms", 0, |end, case| {
        end.course.narrow_gap_ms(end.change(case)?)
    }),
    Kind::less("wide again: first picture, s", 2, |end, case| end.course.picture_back_s(end.change(case)?)),
    Kind::less("wide again: 90 % of the former rate, s", 1, |end, case| {
        end.course.rate_reached_s(end.change(case)?.wide_s, &case.steady_s())
    }),
    Kind::more("speech: PESQ, mean", 2, |end, _| number(&end.speech, "pesq.mean")),
    Kind::more("speech: PESQ, worst piece", 2, |end, _| number(&end.speech, "pesq.worst")),
    Kind::more("speech: STOI, mean", 3, |end, _| number(&end.speech, "stoi.mean")),
    Kind::more("speech: STOI, worst piece", 3, |end, _| number(&end.speech, "stoi.worst")),
    Kind::less("processor, % of a core", 0, |end, _| Some(end.cost.cpu_pct)).sum(),
    Kind::less("memory (PSS), MB", 0, |end, _| Some(end.cost.memory_mb)).sum(),
];

/// One value for each of [`KINDS`]; `None` where it is not known, infinite where it was not reached.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures(pub [Option<f64>; KINDS.len()]);

impl Figures {
    /// Of some ends of one call.
    pub fn of<'a>(ends: impl Iterator<Item = &'a End> + Clone, case: &Case) -> Self {
        Self(std::array::from_fn(|index| {
            let kind = &KINDS[index];
            let values = ends.clone().filter_map(|end| (kind.of)(end, case));
            match kind.together {
                Together::Mean => mean(values),
                Together::Sum => Some(values.sum()),
            }
        }))
    }

    /// Of each figure the middle one.
    pub fn median(calls: &[Self]) -> Self {
        Self(std::array::from_fn(|kind| median(calls.iter().filter_map(|call| call.0[kind]).collect())))
    }
}

/// The middle one, of two the lesser.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}
