//! Who calls whom, and how a call between them goes.
//!
//! ```text
//!  Peer --> two Stations: start, connect --> settle --> cost from here on --> the end: look, hang up --> two Ends
//! ```
use super::{
    case::Case,
    end::End,
    speech,
    station::{Instrument, LIMIT, OpenPage, Post, Sight, Speech, Station},
    usage::Usage,
    windows,
};
use anyhow::Result;
use clap::ValueEnum;
use eyeline_tests::{lab::Lab, until};
use std::{
    fmt,
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Processor time counts from here on: the call has settled.
const SETTLED_S: u32 = 5;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// Two `eyeline-cli`.
    Ours,
    /// Two pages in Debian's Chromium.
    Chromium,
    /// An `eyeline-cli` that calls a page in Chromium.
    Mixed,
    /// Two windows of the desktop program; only what they cost is known.
    Windows,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "Eyeline",
            Self::Chromium => "Chromium",
            Self::Mixed => "Eyeline and Chromium",
            Self::Windows => "Eyeline's windows",
        })
    }
}

/// What both ends of a call send.
#[derive(Debug, Clone)]
pub struct Media {
    /// Width and height of the test card, in pixels.
    pub size: (u32, u32),
    /// Folder of the sound files, where speech is sent in place of the tone.
    pub speech: Option<PathBuf>,
}

impl Media {
    /// What is said in `case`, where speech is.
    fn said(&self, case: &Case) -> Option<PathBuf> {
        Some(self.speech.as_ref()?.join(format!("said-{}.wav", case.name)))
    }

    fn post(&self, peer: Peer, case: &Case, host: &'static str, calls: Option<&'static str>) -> Post {
        let heard =
            |folder: &PathBuf| folder.join(format!("heard-{}-{peer:?}-{host}.wav", case.name).to_lowercase());
        let speech = self.speech.as_ref().zip(self.said(case));
        let speech = speech.map(|(folder, said)| Speech { said, heard: heard(folder) });
        Post { host, calls, size: self.size, speech }
    }
}

impl Peer {
    /// Starts the two ends of a call: `ada` on `a`, who calls, and `grace` on `b`.
    fn stations<'a>(self, lab: &'a Lab, case: &Case, media: &Media) -> [Box<dyn Station + 'a>; 2] {
        let ours = |user: &str, post: &Post| -> Box<dyn Station + 'a> {
            Box::new(Instrument::start(lab, user, post))
        };
        let page =
            |user: &str, post: &Post| -> Box<dyn Station + 'a> { Box::new(OpenPage::start(lab, user, post)) };
        let callee = media.post(self, case, "b", None);
        let caller = media.post(self, case, "a", Some("grace"));
        // Who is called must be there first.
        match self {
            Self::Ours => [ours("grace", &callee), ours("ada", &caller)],
            Self::Mixed => [page("grace", &callee), ours("ada", &caller)],
            Self::Chromium => [page("grace", &callee), page("ada", &caller)],
            Self::Windows => unreachable!("windows are no stations"),
        }
    }

    /// Makes a call on `case`: the caller's end and the callee's.
    ///
    /// # Errors
    /// Where speech can be neither made nor scored.
    pub fn measure(self, lab: &Lab, case: &Case, media: &Media) -> Result<[End; 2]> {
        if self == Self::Windows {
            return Ok(windows::call(lab, case, media.size, SETTLED_S));
        }
        if let Some(said) = media.said(case) {
            speech::write(case.seconds, &said)?;
        }
        let mut stations = self.stations(lab, case, media);
        stations.iter_mut().rev().for_each(|station| station.until_connected());
        lab.netlab.restart_schedule().expect("the network runs");
        let network = SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|at| at.as_secs_f64() * 1000.0);
        let [callee, caller] = &mut stations;
        caller.until_second(SETTLED_S);
        let usages = [Usage::of(vec![callee.pid()]), Usage::of(vec![caller.pid()])];
        let (waits, before, settled) = (lab.netlab.waits(), lab.netlab.stats(), Instant::now());
        caller.until_second(case.seconds);
        let waits: Vec<_> =
            lab.netlab.waits().iter().zip(&waits).map(|(now, then)| now.since(then).quantile(0.95)).collect();
        let (after, seconds) = (lab.netlab.stats(), settled.elapsed().as_secs_f64());
        let costs = usages.map(|usage| usage.cost());
        let [callee, caller] = end(stations);
        let [callee_cost, caller_cost] = costs;
        let mut ends =
            [End::new(caller, caller_cost, true, network), End::new(callee, callee_cost, false, network)];
        // What comes to one end has left the other.
        for (end, queue) in ends.iter_mut().zip(waits.iter().rev()) {
            end.queue = *queue;
        }
        for (end, direction) in ends.iter_mut().zip(["b>a", "a>b"]) {
            let bytes = after[direction].bytes_out - before[direction].bytes_out;
            end.used = case.rate_bps().map(|bps| bytes as f64 * 8.0 / seconds / bps);
        }
        for (end, host) in ends.iter_mut().zip(["a", "b"]) {
            if let Some(Speech { said, heard }) = media.post(self, case, host, None).speech {
                end.speech = speech::score(&said, &heard)?;
            }
        }
        Ok(ends)
    }

    /// Makes a short call on `case`, which ends as soon as both have seen a picture of the other: milliseconds from the
    /// accept to the first picture, at the end that waited longer; `None` where it took more than `limit`.
    pub fn connect(self, lab: &Lab, case: &Case, media: &Media, limit: Duration) -> Option<f64> {
        let mut stations = self.stations(lab, case, media);
        let deadline = Instant::now() + limit;
        let mut seen = false;
        until("a first picture, or the time for it to pass", limit + LIMIT, || {
            seen = stations.iter_mut().all(|station| station.has_shown());
            seen || Instant::now() > deadline
        });
        let waits = end(stations).map(|sight| sight.first_picture_ms());
        let [Some(one), Some(other)] = waits else { return None };
        seen.then_some(one.max(other))
    }
}

/// The caller hangs up; what both saw.
fn end(mut stations: [Box<dyn Station + '_>; 2]) -> [Sight; 2] {
    for station in &mut stations {
        station.look();
    }
    stations[1].hang_up();
    stations.map(Station::finish)
}
