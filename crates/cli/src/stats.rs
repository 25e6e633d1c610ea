//! `--stats`: one JSON object a line, once a second.
use crate::{process::Load, summary::Spread};
use anyhow::{Context, Result};
use eyeline_client::{snapshot::Phase, stats::CallStats};
use eyeline_media::measure::Percentiles;
use serde::Serialize;
use std::{fs::File, io::Write as _, path::Path};

/// The file.
pub struct StatsFile(File);

#[derive(Serialize)]
struct Line<'a> {
    /// Seconds since the call was placed.
    t: Option<f64>,
    state: Option<Phase>,
    latency_ms: Option<Spread>,
    /// Gaps of more than 200 ms between rendered pictures that ended in this second: when, as `t`, and for how many
    /// milliseconds.
    gaps: Vec<(f64, f64)>,
    cpu_pct: Option<f64>,
    rss_mb: Option<f64>,
    #[serde(flatten)]
    stats: &'a CallStats,
}

impl StatsFile {
    /// Begins a new one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(File::create(path).with_context(|| format!("cannot write {}", path.display()))?))
    }

    /// Adds one second.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(
        &mut self,
        t: Option<f64>,
        state: Option<Phase>,
        stats: &CallStats,
        latency: Option<Percentiles>,
        gaps: Vec<(f64, f64)>,
        load: Option<Load>,
    ) -> Result<()> {
        let line = Line {
            t,
            state,
            latency_ms: latency.map(Spread::from),
            gaps,
            cpu_pct: load.map(|l| l.cpu_pct),
            rss_mb: load.map(|l| l.rss_mb),
            stats,
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        Ok(self.0.write_all(text.as_bytes())?)
    }
}
