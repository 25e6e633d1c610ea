//! What one end saw and heard of a call, and what it cost.
use super::{case::Case, station::Sight, usage::Cost};
use eyeline_tests::course::{Change, Course, number};
use serde_json::Value;
use std::time::Duration;

/// One end of a call.
pub struct End {
    /// Whether it placed the call.
    pub calls: bool,
    /// The members of the instrument's summary.
    pub summary: Value,
    /// Second by second.
    pub course: Course,
    /// Scores of the speech that was heard here, where there was any.
    pub speech: Value,
    /// Of this end alone.
    pub cost: Cost,
    /// How long the packets that came to it have waited for the rate, once the call had settled; in 19 of 20 cases no longer.
    pub queue: Option<Duration>,
    /// Part of the path's rate that was used towards this end meanwhile, with all headers.
    pub used: Option<f64>,
    /// From this end's connection until the network's own time began, in seconds.
    network_s: f64,
}

impl End {
    /// Of what it saw, where the network's time began at `network_unix_ms`.
    pub fn new(
        Sight { summary, seconds }: Sight,
        cost: Cost,
        calls: bool,
        network_unix_ms: Option<f64>,
    ) -> Self {
        // The set-up is counted from placing the call, or accepting it, and so is time.
        let connected_s = number(&summary, "setup_ms").unwrap_or(0.0) / 1000.0;
        let begun_s = number(&summary, "begun_unix_ms").map(|ms| ms / 1000.0 + connected_s);
        let network_s = network_unix_ms.zip(begun_s).map_or(0.0, |(ms, begun)| ms / 1000.0 - begun);
        let course = Course::new(seconds, connected_s);
        Self { calls, summary, course, speech: Value::Null, cost, queue: None, used: None, network_s }
    }

    /// What the network does in `case`, by this end's time.
    pub fn change(&self, case: &Case) -> Option<Change> {
        let change = case.change()?;
        let (narrow_s, wide_s) = (change.narrow_s + self.network_s, change.wide_s + self.network_s);
        Some(Change { narrow_s, wide_s, ..change })
    }

    /// A figure of the summary that only an end which has seen pictures has; of one that has not it is as bad as can be.
    pub fn of_pictures(&self, path: &str) -> Option<f64> {
        match number(&self.summary, "frames") {
            Some(0.0) => Some(f64::INFINITY),
            _ => number(&self.summary, path),
        }
    }
}
