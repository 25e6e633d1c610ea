//! A call of ours and a call between two Chromium pages, on the same emulated network, in turn.
//!
//! ```text
//!  Case (schedule of links) --> Peer: ours | chromium | windows --> Measured --> Figures, medians --> table, plots
//! ```
//! Machines differ and are shared: what counts is the ratio of the two.
mod case;
mod figures;
mod peers;
mod plot;
mod table;
mod usage;

use anyhow::{Context, Result, bail};
use case::Case;
use clap::Parser;
use eyeline_netlab::Netlab;
use eyeline_tests::{artifacts, lab::Lab};
use figures::Figures;
use peers::{Measured, Peer};
use std::fs;

/// Calls of ours beside calls between Chromium pages, on emulated networks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench call")]
struct Options {
    /// Cases to run (see --list); all where none is named.
    cases: Vec<String>,
    /// Runs of each; their median counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Seconds of each call of a case that has no schedule of its own.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Who calls.
    #[arg(long, value_delimiter = ',', default_value = "ours,chromium")]
    peers: Vec<Peer>,
    /// Size of the test card, in pixels.
    #[arg(long, default_value = "1280x720")]
    size: String,
    /// Print the cases and exit.
    #[arg(long)]
    list: bool,
    /// `cargo bench` adds it.
    #[arg(long, hide = true)]
    bench: bool,
}

/// All runs of one case.
pub struct Outcome {
    /// Which.
    pub case: Case,
    /// By peer, the runs in order.
    pub runs: Vec<(Peer, Vec<Measured>)>,
}

impl Outcome {
    /// Medians, by peer.
    pub fn figures(&self) -> Vec<(Peer, Figures)> {
        let of = |runs: &[Measured]| Figures::median(runs.iter().map(Figures::of).collect());
        self.runs.iter().map(|(peer, runs)| (*peer, of(runs))).collect()
    }
}

/// Runs what the command line asks for.
pub fn run() -> Result<()> {
    let options = Options::parse();
    let cases = Case::all(options.seconds);
    if options.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    for name in &options.cases {
        if !cases.iter().any(|case| case.name == name) {
            bail!("no case {name:?}; --list shows them");
        }
    }
    let (width, height) = options.size.split_once('x').context("a size such as 1280x720")?;
    let size = (width.parse()?, height.parse()?);
    let wanted = |case: &Case| options.cases.is_empty() || options.cases.iter().any(|name| case.name == name);
    let folder = artifacts().join("bench");
    fs::create_dir_all(&folder)?;
    let mut outcomes = Vec::new();
    for case in cases.into_iter().filter(wanted) {
        let mut runs: Vec<(Peer, Vec<Measured>)> =
            options.peers.iter().map(|peer| (*peer, Vec::new())).collect();
        for turn in 0..options.runs {
            for (peer, measured) in &mut runs {
                eprintln!("{}: {peer}, run {} of {}", case.name, turn + 1, options.runs);
                let builder = Netlab::builder().schedule(case.schedule.clone()).seed(turn as u64 + 1);
                let lab = Lab::start(builder).context("no emulated network here")?;
                let one = peer.measure(&lab, &case, size);
                eprintln!("  {}", table::line(&Figures::of(&one)));
                measured.push(one);
            }
        }
        let outcome = Outcome { case, runs };
        fs::write(folder.join(format!("{}.svg", outcome.case.name)), plot::svg(&outcome))?;
        outcomes.push(outcome);
    }
    let text = table::markdown(&outcomes);
    fs::write(folder.join("call.md"), &text)?;
    println!("{text}\nPlots and this table: {}", folder.display());
    Ok(())
}
