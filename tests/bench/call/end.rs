//! One end of a call over time: how its rate rises, and how it recovers from a change of the network.
//!
//! Times are seconds. Lines of statistics tell of the second that they end, so what is read from them is known to a
//! second; when pictures came is known to the picture. What was not reached before the end of the call is infinite.
use super::{
    case::{Case, Change},
    figures::{mean, number},
    station::Sight,
    usage::Cost,
};
use serde_json::Value;
use std::ops::Range;

/// Of its steady rate, or the former one: from here on the rate counts as reached.
const REACHED: f64 = 0.9;
/// A latency that is so much longer than before is late, in milliseconds.
const LATE_MS: f64 = 200.0;

/// What one end saw and heard of a call, and what it cost.
pub struct End {
    /// The members of the instrument's summary.
    pub summary: Value,
    /// Scores of the speech that was heard here, where there was any.
    pub speech: Value,
    /// Of this end alone.
    pub cost: Cost,
    /// Whether it placed the call.
    pub calls: bool,
    /// When each line of statistics was written, in seconds after connection, and the line.
    seconds: Vec<(f64, Value)>,
    /// When long gaps between pictures began and ended, likewise.
    gaps: Vec<Range<f64>>,
}

impl End {
    /// Of what it saw.
    pub fn new(sight: Sight, cost: Cost, calls: bool) -> Self {
        // What counts time counts it from placing the call, or accepting it, and so does this.
        let connected_s = number(&sight.summary, "setup_ms").unwrap_or(0.0) / 1000.0;
        let at = |line: &Value| number(line, "t").map(|t| t - connected_s);
        let gaps = sight.seconds.iter().filter_map(|line| line.get("gaps")?.as_array()).flatten();
        let gap = |gap: &Value| {
            let end = number(gap, "0")? - connected_s;
            Some(end - number(gap, "1")? / 1000.0..end)
        };
        let gaps = gaps.filter_map(gap).collect();
        let seconds = sight.seconds.into_iter().filter_map(|line| Some((at(&line)?, line))).collect();
        Self { summary: sight.summary, speech: Value::Null, cost, calls, seconds, gaps }
    }

    /// A figure over the call, where it is known: seconds after connection, value.
    pub fn course(&self, path: &str) -> impl Iterator<Item = (f64, f64)> {
        self.seconds.iter().filter_map(move |(at, line)| Some((*at, number(line, path)?)))
    }

    /// Mean of a figure over part of the call.
    pub fn mean_over(&self, span: &Range<f64>, path: &str) -> Option<f64> {
        mean(self.course(path).filter(|(at, _)| span.contains(at)).map(|(_, value)| value))
    }

    /// From connection until the received rate is first at nine tenths of the steady one.
    pub fn rise_s(&self, case: &Case) -> Option<f64> {
        self.rate_reached_s(0.0, case)
    }

    /// From the time at which the network is wide again until the rate is at nine tenths of the former one.
    pub fn rate_back_s(&self, case: &Case) -> Option<f64> {
        self.rate_reached_s(case.change()?.wide_s, case)
    }

    fn rate_reached_s(&self, from_s: f64, case: &Case) -> Option<f64> {
        let enough = REACHED * self.mean_over(&case.steady_s(), "kbps_in")?;
        let reached = self.course("kbps_in").find(|(at, kbps)| *at > from_s && *kbps >= enough);
        Some(reached.map_or(f64::INFINITY, |(at, _)| at - from_s))
    }

    /// From the narrowing until latency is what it was before (and what the path itself adds), once it has been longer;
    /// nothing where it never was. A second without pictures is a late one.
    pub fn latency_back_s(&self, case: &Case) -> Option<f64> {
        let Change { narrow_s, wide_s, slower_ms, .. } = case.change().filter(|change| !change.cut)?;
        let limit = self.mean_over(&case.steady_s(), "latency_ms.p50")? + slower_ms + LATE_MS;
        let late = |line: &Value| match number(line, "latency_ms.p50") {
            Some(latency) => Some(latency > limit),
            // Not every picture's clock is read.
            None => number(line, "fps").is_none_or(|fps| fps == 0.0).then_some(true),
        };
        let narrow = self.seconds.iter().filter(|(at, _)| (narrow_s..wide_s).contains(at));
        let known = narrow.filter_map(|(at, line)| Some((*at, late(line)?)));
        let mut from_late = known.skip_while(|(_, late)| !late);
        if from_late.next().is_none() {
            return Some(0.0);
        }
        Some(from_late.find(|(_, late)| !late).map_or(f64::INFINITY, |(at, _)| at - narrow_s))
    }

    /// The longest time without a new picture that has a part in the narrow time, in milliseconds; nothing where none was
    /// longer than 200 ms.
    pub fn narrow_gap_ms(&self, case: &Case) -> Option<f64> {
        let change = case.change().filter(|_| !self.seconds.is_empty())?;
        if !self.shows_after(change.narrow_s) {
            return Some(f64::INFINITY);
        }
        let narrow = self.gaps.iter().filter(|gap| gap.start < change.wide_s && gap.end > change.narrow_s);
        Some(narrow.map(|gap| 1000.0 * (gap.end - gap.start)).fold(0.0, f64::max))
    }

    /// From the time at which the network is wide again until the first new picture; nothing where pictures kept coming.
    pub fn picture_back_s(&self, case: &Case) -> Option<f64> {
        let wide_s = case.change().filter(|_| !self.seconds.is_empty())?.wide_s;
        if !self.shows_after(wide_s) {
            return Some(f64::INFINITY);
        }
        Some(self.gaps.iter().find(|gap| gap.contains(&wide_s)).map_or(0.0, |gap| gap.end - wide_s))
    }

    fn shows_after(&self, time_s: f64) -> bool {
        // The second during which it changed does not tell on which side its pictures were.
        self.course("fps").any(|(at, fps)| at > time_s + 1.0 && fps > 0.0)
    }
}
