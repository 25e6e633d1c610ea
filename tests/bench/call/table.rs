//! The figures as text.
use super::{
    Outcome,
    figures::{Figures, KINDS},
    peers::Peer,
};
use std::fmt::Write as _;

/// One call, in one line.
pub fn line(figures: &Figures) -> String {
    let known = KINDS
        .iter()
        .zip(figures.0)
        .filter_map(|(kind, value)| Some(format!("{} {:.*}", kind.name, kind.digits, value?)));
    known.collect::<Vec<_>>().join("; ")
}

/// A table for each case. The ratio is ours to Chromium's; in bold where we are behind.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let figures = outcome.figures();
        let of = |peer: Peer| figures.iter().find(|(p, _)| *p == peer).map(|(_, figures)| *figures);
        let peers: Vec<String> = figures.iter().map(|(peer, _)| peer.to_string()).collect();
        let _ = writeln!(text, "### {}\n\n| | {} | ratio |", outcome.case.name, peers.join(" | "));
        let _ = writeln!(text, "|---|{}---:|", "---:|".repeat(peers.len()));
        for (index, kind) in KINDS.iter().enumerate() {
            let show = |value: Option<f64>| value.map_or("–".into(), |v| format!("{v:.*}", kind.digits));
            let values: Vec<String> = figures.iter().map(|(_, figures)| show(figures.0[index])).collect();
            let pair = of(Peer::Ours).zip(of(Peer::Chromium));
            let pair = pair.and_then(|(ours, theirs)| ours.0[index].zip(theirs.0[index]));
            let ratio = pair.map_or("–".into(), |(ours, theirs)| {
                let behind = if kind.less_is_better { ours > theirs } else { ours < theirs };
                let ratio = if theirs == 0.0 { "–".into() } else { format!("{:.2}", ours / theirs) };
                if behind { format!("**{ratio}**") } else { ratio }
            });
            let _ = writeln!(text, "| {} | {} | {ratio} |", kind.name, values.join(" | "));
        }
        text.push('\n');
    }
    text
}
