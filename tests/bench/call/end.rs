//! What one end saw and heard of a call, and what it cost.
use super::{station::Sight, usage::Cost};
use eyeline_tests::course::{Course, number};
use serde_json::Value;

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
}

impl End {
    /// Of what it saw.
    pub fn new(Sight { summary, seconds }: Sight, cost: Cost, calls: bool) -> Self {
        // The set-up is counted from placing the call, or accepting it, and so is time.
        let connected_s = number(&summary, "setup_ms").unwrap_or(0.0) / 1000.0;
        Self { calls, summary, course: Course::new(seconds, connected_s), speech: Value::Null, cost }
    }
}
