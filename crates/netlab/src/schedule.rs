//! Links that change with time, from a list of steps.
//!
//! ```json
//! [{"at": 0, "profile": "good"}, {"at": 20, "rate_kbps": 300, "delay_ms": 50}, {"at": 40, "down": true}]
//! ```
//! Each step holds until the next one. Its keys are those of a [`Link`], put over its `profile` (`perfect`
//! where none is named).
use std::{str::FromStr, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Link, Profile};

/// One link after another; the first step holds from its own time, not from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule(Vec<(Duration, Link)>);

impl Schedule {
    /// The given links, each from its time on. Times are put in order.
    #[must_use]
    pub fn new(mut steps: Vec<(Duration, Link)>) -> Self {
        steps.sort_by_key(|(at, _)| *at);
        Self(steps)
    }

    /// The steps, by time.
    #[must_use]
    pub fn steps(&self) -> &[(Duration, Link)] {
        &self.0
    }
}

impl From<Link> for Schedule {
    fn from(link: Link) -> Self {
        Self(vec![(Duration::ZERO, link)])
    }
}

impl From<Profile> for Schedule {
    fn from(profile: Profile) -> Self {
        profile.link().into()
    }
}

/// Why a schedule's text is not one.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Not a JSON list of steps, or a profile that does not exist.
    #[error("not a schedule: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A step's keys are not those of a link.
    #[error("step {index}: {source}")]
    Link {
        /// Of the step, from 0.
        index: usize,
        /// What is wrong with the key.
        source: serde_json::Error,
    },
    /// A step's time is not one.
    #[error("step {index}: `at` must be a time in seconds, 0 or later")]
    Time {
        /// Of the step, from 0.
        index: usize,
    },
}

#[derive(Deserialize)]
struct Step {
    at: f64,
    #[serde(default)]
    profile: Profile,
    #[serde(flatten)]
    overrides: Map<String, Value>,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        let steps: Vec<Step> = serde_json::from_str(json)?;
        let steps = steps.into_iter().enumerate().map(|(index, step)| {
            let at = Duration::try_from_secs_f64(step.at).map_err(|_| ScheduleError::Time { index })?;
            let link = overlay(step.profile.link(), step.overrides)
                .map_err(|source| ScheduleError::Link { index, source })?;
            Ok((at, link))
        });
        Ok(Self::new(steps.collect::<Result<_, ScheduleError>>()?))
    }
}

fn overlay(base: Link, overrides: Map<String, Value>) -> serde_json::Result<Link> {
    let mut link = serde_json::to_value(base)?;
    if let Value::Object(keys) = &mut link {
        keys.extend(overrides);
    }
    serde_json::from_value(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_step_are_put_over_its_profile() {
        let schedule: Schedule =
            r#"[{"at": 2.5, "profile": "mbps1", "delay_ms": 7}, {"at": 0, "down": true}]"#.parse().unwrap();
        assert_eq!(
            schedule.steps(),
            [
                (Duration::ZERO, Link { down: true, ..Link::PERFECT }),
                (Duration::from_millis(2500), Link { delay_ms: 7.0, ..Profile::Mbps1.link() }),
            ]
        );
    }

    #[test]
    fn wrong_steps_are_named() {
        let error = |json: &str| json.parse::<Schedule>().unwrap_err();
        assert!(matches!(error(r#"{"at": 0}"#), ScheduleError::Syntax(_)));
        assert!(matches!(error(r#"[{"at": 0, "profile": "dsl"}]"#), ScheduleError::Syntax(_)));
        assert!(matches!(
            error(r#"[{"at": 0}, {"at": 1, "delay": 7}]"#),
            ScheduleError::Link { index: 1, .. }
        ));
        assert!(matches!(error(r#"[{"at": -1}]"#), ScheduleError::Time { index: 0 }));
    }
}
