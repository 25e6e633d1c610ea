//! One end of a call over time: how its rate rises, and how it recovers from a change of the network.
//!
//! Times are seconds after connection. Lines of statistics tell of the second that they end, so what is read from them is
//! known to a second; when pictures came is known to the picture. What was not reached before the end of the call is
//! infinite.
use serde_json::Value;
use std::ops::Range;

/// Of its steady rate, or the former one: from here on the rate counts as reached.
const REACHED: f64 = 0.9;
/// It must hold, on average over so many lines: a backlog that comes at once is no rate.
const HELD: usize = 3;
/// A longer latency is late, in milliseconds; where it was long before, so many times that.
const LATE_MS: f64 = 200.0;
const LATE: f64 = 1.5;
/// Where a second's median is in time again, half of its pictures are, and so at least from its middle on.
const MEDIAN_S: f64 = 0.5;

/// What a network that changes does to a call: it narrows (or is cut), and is then as it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// When it narrows.
    pub narrow_s: f64,
    /// When it is wide again.
    pub wide_s: f64,
    /// Whether nothing at all gets through in between.
    pub cut: bool,
    /// By how much the path itself is slower in between, one way, in milliseconds.
    pub slower_ms: f64,
}

/// What one end saw, second by second.
#[derive(Debug, Default)]
pub struct Course {
    /// When each line of statistics was written, and the line.
    seconds: Vec<(f64, Value)>,
    /// When gaps between pictures of more than 200 ms began and ended.
    gaps: Vec<Range<f64>>,
}

impl Course {
    /// From the instrument's lines, which count time from `connected_s` before connection.
    pub fn new(lines: Vec<Value>, connected_s: f64) -> Self {
        let gaps = lines.iter().filter_map(|line| line.get("gaps")?.as_array()).flatten();
        let gap = |gap: &Value| {
            let end = number(gap, "0")? - connected_s;
            Some(end - number(gap, "1")? / 1000.0..end)
        };
        let gaps = gaps.filter_map(gap).collect();
        let at = |line: Value| Some((number(&line, "t")? - connected_s, line));
        Self { seconds: lines.into_iter().filter_map(at).collect(), gaps }
    }

    /// A figure wherever it is known: when, and its value.
    pub fn of(&self, path: &str) -> impl Iterator<Item = (f64, f64)> {
        self.seconds.iter().filter_map(move |(at, line)| Some((*at, number(line, path)?)))
    }

    /// Mean of a figure over part of the call.
    pub fn mean(&self, span: &Range<f64>, path: &str) -> Option<f64> {
        mean(self.of(path).filter(|(at, _)| span.contains(at)).map(|(_, value)| value))
    }

    /// From `from_s` until the received rate is first at nine tenths of what it is over `steady_s`, and stays there.
    pub fn rate_reached_s(&self, from_s: f64, steady_s: &Range<f64>) -> Option<f64> {
        let enough = REACHED * self.mean(steady_s, "kbps_in")?;
        let rates: Vec<(f64, f64)> = self.of("kbps_in").filter(|(at, _)| *at > from_s).collect();
        let holds = |from: usize| {
            let held = &rates[from..rates.len().min(from + HELD)];
            mean(held.iter().map(|(_, kbps)| *kbps)).is_some_and(|kbps| kbps >= enough)
        };
        let reached = (0..rates.len()).find(|&index| rates[index].1 >= enough && holds(index));
        Some(reached.map_or(f64::INFINITY, |index| rates[index].0 - from_s))
    }

    /// From a narrowing until latency is under 200 ms (or half as long again as over `steady_s`, where that is more; and
    /// what the path itself adds) for two seconds, once it has been longer; nothing where it never was. A second without pictures is a late one. `None` for a cut.
    pub fn latency_back_s(&self, change: Change, steady_s: &Range<f64>) -> Option<f64> {
        let before = self.mean(steady_s, "latency_ms.p50")?;
        let limit = LATE_MS.max(before * LATE) + change.slower_ms;
        let late = |line: &Value| match number(line, "latency_ms.p50") {
            Some(latency) => Some(latency > limit),
            // Not every picture's clock is read.
            None => number(line, "fps").is_none_or(|fps| fps == 0.0).then_some(true),
        };
        let narrow = self.seconds.iter().filter(|(at, _)| (change.narrow_s..change.wide_s).contains(at));
        let seconds: Vec<(f64, bool)> = narrow.filter_map(|(at, line)| Some((*at, late(line)?))).collect();
        // The last one is its own next.
        let next = seconds.iter().skip(1).chain(seconds.last());
        let mut from_late = seconds.iter().zip(next).skip_while(|((_, late), _)| !late);
        let back = match from_late.clone().next() {
            Some(_) => from_late
                .find(|((_, late), (_, late_next))| !late && !late_next)
                .map_or(f64::INFINITY, |((at, _), _)| at - MEDIAN_S - change.narrow_s),
            None => 0.0,
        };
        (!change.cut).then_some(back)
    }

    /// The longest time without a new picture that has a part in the narrow time, in milliseconds; nothing where none was
    /// longer than 200 ms.
    pub fn narrow_gap_ms(&self, change: Change) -> Option<f64> {
        if !self.shows_after(change.narrow_s)? {
            return Some(f64::INFINITY);
        }
        let narrow = self.gaps.iter().filter(|gap| gap.start < change.wide_s && gap.end > change.narrow_s);
        Some(narrow.map(|gap| 1000.0 * (gap.end - gap.start)).fold(0.0, f64::max))
    }

    /// From the time at which the network is wide again until the first new picture; nothing where pictures kept coming.
    pub fn picture_back_s(&self, change: Change) -> Option<f64> {
        if !self.shows_after(change.wide_s)? {
            return Some(f64::INFINITY);
        }
        let gap = self.gaps.iter().find(|gap| gap.contains(&change.wide_s));
        Some(gap.map_or(0.0, |gap| gap.end - change.wide_s))
    }

    /// Whether pictures come at all after that; `None` where nothing is known of the call.
    fn shows_after(&self, time_s: f64) -> Option<bool> {
        // The second during which it changed does not tell on which side its pictures were.
        let shows = self.of("fps").any(|(at, fps)| at > time_s + 1.0 && fps > 0.0);
        (!self.seconds.is_empty()).then_some(shows)
    }
}

/// The number at a path such as `latency_ms.p50` or `size.1`.
pub fn number(value: &Value, path: &str) -> Option<f64> {
    let found = path.split('.').try_fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(key),
    });
    found?.as_f64()
}

/// `None` of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const STEADY_S: Range<f64> = 5.0..10.0;
    const NARROW: Change = Change { narrow_s: 10.0, wide_s: 20.0, cut: false, slower_ms: 0.0 };

    /// A call connected after half a second, in which `line` is what is known at each second after that.
    fn course(line: impl Fn(u32) -> Value) -> Course {
        let line = |second: u32| {
            let mut line = line(second);
            line["t"] = (f64::from(second) + 0.5).into();
            line
        };
        Course::new((1..30).map(line).collect(), 0.5)
    }

    #[test]
    fn rate_is_reached_at_nine_tenths_of_the_steady_one_and_again_after_a_change() {
        let rate = |second: u32| match second {
            // A backlog comes at once.
            1 => 1000,
            2..4 => 250 * second,
            10..23 => 300,
            _ => 1000,
        };
        let course = course(|second| json!({ "kbps_in": rate(second) }));
        assert_eq!(course.rate_reached_s(0.0, &STEADY_S), Some(4.0));
        assert_eq!(course.rate_reached_s(NARROW.wide_s, &STEADY_S), Some(3.0));
        assert_eq!(course.rate_reached_s(29.0, &STEADY_S), Some(f64::INFINITY), "the call has ended");
    }

    #[test]
    fn latency_is_back_once_pictures_come_in_time_again() {
        let latency = |second: u32| match second {
            11 => json!({ "latency_ms": { "p50": 900 }, "fps": 9 }),
            // In time, and it does not last.
            13 => json!({ "latency_ms": { "p50": 60 }, "fps": 9 }),
            12..15 => json!({ "latency_ms": null, "fps": 0 }),
            15 => json!({ "latency_ms": { "p50": 400 }, "fps": 9 }),
            // Pictures, and no clock was read.
            16 => json!({ "latency_ms": null, "fps": 3 }),
            _ => json!({ "latency_ms": { "p50": 60 }, "fps": 30 }),
        };
        let course = course(latency);
        assert_eq!(course.latency_back_s(NARROW, &STEADY_S), Some(6.5));
        let slower = Change { slower_ms: 200.0, ..NARROW };
        assert_eq!(course.latency_back_s(slower, &STEADY_S), Some(4.5), "400 ms are what the path takes");
        assert_eq!(course.latency_back_s(Change { cut: true, ..NARROW }, &STEADY_S), None);
    }

    #[test]
    fn pictures_are_back_when_the_gap_around_the_change_ends() {
        let line = |second: u32| match second {
            12 => json!({ "fps": 20, "gaps": [[12.3, 700.0]] }),
            21 => json!({ "fps": 10, "gaps": [[21.0, 1500.0]] }),
            _ => json!({ "fps": 30, "gaps": [] }),
        };
        let course = course(line);
        assert_eq!(course.narrow_gap_ms(NARROW), Some(1500.0));
        assert_eq!(course.picture_back_s(NARROW), Some(0.5));
        assert_eq!(course.picture_back_s(Change { wide_s: 15.0, ..NARROW }), Some(0.0), "they kept coming");
    }

    #[test]
    fn pictures_that_do_not_come_back_are_awaited_for_ever_and_of_no_call_nothing_is_known() {
        let stopped = course(|second| json!({ "fps": if second < 13 { 30 } else { 0 } }));
        assert_eq!(stopped.picture_back_s(NARROW), Some(f64::INFINITY));
        assert_eq!(Course::default().picture_back_s(NARROW), None);
        assert_eq!(Course::default().narrow_gap_ms(NARROW), None);
    }
}
