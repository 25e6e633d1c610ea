//! A call of ours and a call between two Chromium pages, on the same emulated network, in turn.
//!
//! ```text
//!  Case (schedule of links) --> Peer: ours | chromium | mixed | windows --> two Ends --> Columns of Figures, medians --> table
//!                                                                            `--> courses over time --> plots
//! ```
//! Machines differ and are shared: what counts is the ratio of the two.
mod case;
mod column;
mod connects;
mod end;
mod figures;
mod peers;
mod plot;
mod speech;
mod station;
mod table;
mod usage;
mod windows;

use anyhow::{Context, Result, bail};
use case::Case;
use clap::Parser;
use column::Column;
use connects::Connects;
use end::End;
use eyeline_netlab::Netlab;
use eyeline_tests::{artifacts, lab::Lab};
use figures::Figures;
use peers::{Media, Peer};
use std::{fs, path::Path};

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
    /// Say speech instead of the tone, and score what is heard.
    #[arg(long)]
    speech: bool,
    /// Instead of measuring calls make so many short ones, and tell how many came about.
    #[arg(long, value_name = "CALLS", conflicts_with_all = ["runs", "speech"])]
    connects: Option<usize>,
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
    /// By peer, the calls in order, each with the caller's end and the callee's.
    pub runs: Vec<(Peer, Vec<[End; 2]>)>,
}

impl Outcome {
    /// The calls of each column.
    pub fn columns(&self) -> impl Iterator<Item = (&'static Column, &[[End; 2]])> {
        self.runs
            .iter()
            .flat_map(|(peer, calls)| Column::of(*peer).map(move |column| (column, calls.as_slice())))
    }

    /// Medians, by column.
    pub fn medians(&self) -> Vec<(&'static Column, Figures)> {
        let median = |column: &Column, calls: &[[End; 2]]| {
            let each: Vec<Figures> = calls.iter().map(|call| column.figures(call, &self.case)).collect();
            Figures::median(&each)
        };
        self.columns().map(|(column, calls)| (column, median(column, calls))).collect()
    }
}

/// Runs what the command line asks for.
pub fn run() -> Result<()> {
    let options = Options::parse();
    let mut cases = Case::all(options.seconds);
    if options.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    for name in &options.cases {
        if !cases.iter().any(|case| case.name == name) {
            bail!("no case {name:?}; --list shows them");
        }
    }
    cases.retain(|case| options.cases.is_empty() || options.cases.iter().any(|name| case.name == name));
    let folder = artifacts().join("bench");
    fs::create_dir_all(&folder)?;
    let (width, height) = options.size.split_once('x').context("a size such as 1280x720")?;
    let size = (width.parse()?, height.parse()?);
    let media = Media { size, speech: options.speech.then(|| folder.clone()) };
    let (name, text) = match options.connects {
        Some(calls) => ("connects.md", connect(&options.peers, &cases, &media, calls)?),
        None => ("call.md", measure(&options, cases, &media, &folder)?),
    };
    fs::write(folder.join(name), &text)?;
    println!("{text}\nThis table and all else that was written: {}", folder.display());
    Ok(())
}

fn measure(options: &Options, cases: Vec<Case>, media: &Media, folder: &Path) -> Result<String> {
    let mut outcomes = Vec::new();
    for case in cases {
        let mut runs: Vec<(Peer, Vec<[End; 2]>)> =
            options.peers.iter().map(|peer| (*peer, Vec::new())).collect();
        for turn in 0..options.runs {
            for (peer, calls) in &mut runs {
                eprintln!("{}: {peer}, run {} of {}", case.name, turn + 1, options.runs);
                let call = peer.measure(&lab(&case, turn)?, &case, media)?;
                for column in Column::of(*peer) {
                    eprintln!("  {}: {}", column.name, table::line(&column.figures(&call, &case)));
                }
                calls.push(call);
            }
        }
        let outcome = Outcome { case, runs };
        fs::write(folder.join(format!("{}.svg", outcome.case.name)), plot::svg(&outcome))?;
        outcomes.push(outcome);
    }
    Ok(table::markdown(&outcomes))
}

fn connect(peers: &[Peer], cases: &[Case], media: &Media, calls: usize) -> Result<String> {
    let pairs = cases.iter().flat_map(|case| peers.iter().map(move |peer| (case, *peer)));
    let all = pairs.map(|(case, peer)| Connects::measure(peer, case, media, calls));
    Ok(table::connects(&all.collect::<Result<Vec<_>>>()?))
}

/// The network of a case; another `turn` has other chances, and the same turn the same.
fn lab(case: &Case, turn: usize) -> Result<Lab> {
    let builder = Netlab::builder().schedule(case.schedule.clone()).seed(turn as u64 + 1);
    Lab::start(builder).context("no emulated network here")
}
