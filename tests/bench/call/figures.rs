//! What a call is judged by.
use super::{
    peers::{End, Measured},
    usage::Cost,
};
use serde_json::Value;

/// The rate is steady from here on.
const STEADY_S: f64 = 10.0;

/// One figure of a call.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// With its unit.
    pub name: &'static str,
    /// Digits after the point.
    pub digits: usize,
    /// Whether less is better.
    pub less_is_better: bool,
}

/// The figures, in the order of [`Figures`].
pub const KINDS: [Kind; 12] = [
    Kind { name: "setup, ms", digits: 0, less_is_better: true },
    Kind { name: "accept to first frame, ms", digits: 0, less_is_better: true },
    Kind { name: "latency p50, ms", digits: 0, less_is_better: true },
    Kind { name: "latency p95, ms", digits: 0, less_is_better: true },
    Kind { name: "frames a second", digits: 1, less_is_better: false },
    Kind { name: "lines of picture", digits: 0, less_is_better: false },
    Kind { name: "received, kbit/s", digits: 0, less_is_better: false },
    Kind { name: "frozen, s", digits: 1, less_is_better: true },
    Kind { name: "longest gap, ms", digits: 0, less_is_better: true },
    Kind { name: "sound concealed, %", digits: 1, less_is_better: true },
    Kind { name: "processor, % of a core", digits: 0, less_is_better: true },
    Kind { name: "memory (PSS), MB", digits: 0, less_is_better: true },
];

/// One value for each of [`KINDS`]; `None` where it is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures(pub [Option<f64>; KINDS.len()]);

impl Figures {
    /// Of one call: what its two ends saw, on average, and what they cost together.
    pub fn of(call: &Measured) -> Self {
        let over_ends = |figure: &dyn Fn(&End) -> Option<f64>| mean(call.ends.iter().filter_map(figure));
        let summary = |path: &str| over_ends(&|end: &End| number(&end.summary, path));
        let steady = |path: &str| over_ends(&|end: &End| end.steady(path));
        let Cost { cpu_pct, memory_mb } = call.cost;
        Self([
            // A call is placed at one end only.
            call.ends.first().and_then(|caller| number(&caller.summary, "setup_ms")),
            summary("first_frame_ms"),
            summary("latency_ms.p50"),
            summary("latency_ms.p95"),
            steady("fps"),
            steady("size.1"),
            steady("kbps_in"),
            summary("freeze_s"),
            summary("gap_ms.max"),
            summary("audio_concealed_pct"),
            Some(cpu_pct),
            Some(memory_mb),
        ])
    }

    /// Of each figure the middle one.
    pub fn median(calls: Vec<Self>) -> Self {
        let middle = |kind: usize| {
            let mut values: Vec<f64> = calls.iter().filter_map(|call| call.0[kind]).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len().saturating_sub(1) / 2).copied()
        };
        Self(std::array::from_fn(middle))
    }
}

impl End {
    /// Mean of a figure over the seconds in which the rate is steady.
    fn steady(&self, path: &str) -> Option<f64> {
        let steady = |second: &&Value| number(second, "t").is_some_and(|t| t >= STEADY_S);
        mean(self.seconds.iter().filter(steady).filter_map(|second| number(second, path)))
    }
}

/// The number at a path such as `latency_ms.p50` or `size.1`.
pub fn number(value: &Value, path: &str) -> Option<f64> {
    let step = |value: &'_ Value, key: &str| match key.parse::<usize>() {
        Ok(index) => value.get(index).cloned(),
        Err(_) => value.get(key).cloned(),
    };
    path.split('.').try_fold(value.clone(), |value, key| step(&value, key))?.as_f64()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
