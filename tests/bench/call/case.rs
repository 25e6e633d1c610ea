//! Networks on which calls are compared.
use eyeline_netlab::{Link, Profile, Schedule};
use eyeline_tests::course::Change;
use std::{ops::Range, time::Duration};

/// A call has settled by then, in seconds after connection.
const SETTLED_S: f64 = 10.0;

/// One network, and how long to call on it.
#[derive(Debug, Clone)]
pub struct Case {
    /// For command lines, tables and files.
    pub name: &'static str,
    /// Its links over time, from the moment at which the call is connected.
    pub schedule: Schedule,
    /// Length of the call, in seconds.
    pub seconds: u32,
}

impl Case {
    /// Its change, where it has one.
    pub fn change(&self) -> Option<Change> {
        let [(_, wide), (narrow_at, narrow), (wide_at, _)] = self.schedule.steps() else { return None };
        Some(Change {
            narrow_s: narrow_at.as_secs_f64(),
            wide_s: wide_at.as_secs_f64(),
            cut: narrow.down,
            slower_ms: narrow.delay_ms - wide.delay_ms,
        })
    }

    /// What its path carries, where that is limited and stays as it is, in bit/s.
    pub fn rate_bps(&self) -> Option<f64> {
        let [(_, link)] = self.schedule.steps() else { return None };
        (link.rate_kbps > 0.0).then_some(link.rate_kbps * 1_000.0)
    }

    /// All of the call that has settled, whatever the network does, in seconds after connection.
    pub fn settled_s(&self) -> Range<f64> {
        SETTLED_S..f64::INFINITY
    }

    /// When the call has settled and the network has not changed yet, likewise.
    pub fn steady_s(&self) -> Range<f64> {
        SETTLED_S..self.change().map_or(f64::INFINITY, |change| change.narrow_s)
    }

    /// All, the steady ones `seconds` long.
    pub fn all(seconds: u32) -> Vec<Self> {
        let steady = [
            Profile::Good,
            Profile::Mbps3,
            Profile::Mbps1,
            Profile::Kbps500,
            Profile::Weak3g,
            Profile::Loss10,
            Profile::Loss20,
            Profile::Burst30,
            Profile::Moderate,
            Profile::International,
            Profile::WifiBusy,
        ];
        let steady = steady.into_iter().map(|profile| Self {
            name: profile.name(),
            schedule: profile.into(),
            seconds,
        });
        let thin = Link { delay_ms: 250.0, rate_kbps: 50.0, queue_ms: 400.0, ..Link::PERFECT };
        let narrow = Link { rate_kbps: 500.0, ..Profile::Mbps3.link() };
        let down = Link { down: true, ..Link::PERFECT };
        let (wide, good) = (Profile::Mbps3.link(), Profile::Good.link());
        let changing = [
            ("step", vec![(0, wide), (20, narrow), (40, wide)], 60),
            ("cut5", vec![(0, good), (20, down), (25, good)], 45),
            ("cut25", vec![(0, good), (20, down), (45, good)], 65),
            ("thin", vec![(0, good), (20, thin), (40, good)], 60),
        ];
        let changing = changing.into_iter().map(|(name, steps, seconds)| {
            let steps = steps.into_iter().map(|(at, link)| (Duration::from_secs(at), link)).collect();
            Self { name, schedule: Schedule::new(steps), seconds }
        });
        steady.chain(changing).collect()
    }
}
