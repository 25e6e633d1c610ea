//! `eyeline-cli`.
use super::{LIMIT, Post, Sight, Station};
use eyeline_tests::{cli::Cli, course::number, lab::Lab, until};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

/// How long a call rings, in seconds: the page's `ring_ms`.
const RING_S: u32 = 1;

/// A running instrument.
pub struct Instrument {
    cli: Cli,
    stats: PathBuf,
    _folder: TempDir,
}

impl Instrument {
    /// Starts one; it calls, or it can be called.
    pub fn start(lab: &Lab, user: &str, post: &Post) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stats = folder.path().join("stats");
        let (width, height) = post.size;
        let mut words: Vec<String> = match post.calls {
            Some(callee) => vec!["call".into(), callee.into()],
            None => vec!["answer".into(), "--after".into(), RING_S.to_string()],
        };
        words.extend(["--camera".into(), format!("testcard:{width}x{height}@30")]);
        words.extend(["--stats".into(), stats.display().to_string()]);
        if let Some(speech) = &post.speech {
            words.extend(["--mic".into(), format!("wav:{}", speech.said.display())]);
            words.extend(["--dump-audio".into(), speech.heard.display().to_string()]);
        } else {
            words.extend(["--mic".into(), "tone".into()]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut cli = lab.cli(post.host, user, &words);
        if post.calls.is_none() {
            cli.wait_until_ready();
        }
        Self { cli, stats, _folder: folder }
    }
}

impl Station for Instrument {
    fn pid(&mut self) -> u32 {
        self.cli.process().pid()
    }

    fn until_connected(&mut self) {
        self.cli.wait_for_line(LIMIT, |line| line == "connected");
    }

    fn until_second(&mut self, seconds: u32) {
        let limit = Duration::from_secs(seconds.into()) + LIMIT;
        // Counted, not read: it is looked at often while the call is measured.
        let count =
            || fs::read(&self.stats).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count());
        until("the seconds of a call", limit, || count() >= seconds as usize);
    }

    fn has_shown(&mut self) -> bool {
        lines(&self.stats).iter().any(|line| number(line, "fps").is_some_and(|fps| fps > 0.0))
    }

    fn hang_up(&mut self) {
        self.cli.process().signal("INT");
    }

    fn finish(self: Box<Self>) -> Sight {
        let Self { cli, stats, _folder } = *self;
        let report = cli.finish(LIMIT);
        if report.status != 0 {
            eprintln!("  ended with status {}: {}", report.status, report.errors.trim());
        }
        Sight { summary: report.summary, seconds: lines(&stats) }
    }
}

/// What an instrument has written so far; its last line may be half written.
fn lines(stats: &Path) -> Vec<Value> {
    let text = fs::read_to_string(stats).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
