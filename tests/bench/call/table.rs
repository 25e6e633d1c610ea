//! The figures as text.
use super::{
    Outcome,
    connects::Connects,
    figures::{Figures, KINDS, Kind, median},
    peers::Peer,
};
use std::fmt::Write as _;

/// One call, in one line.
pub fn line(figures: &Figures) -> String {
    let known = KINDS
        .iter()
        .zip(figures.0)
        .filter_map(|(kind, value)| Some(format!("{} {}", kind.name, shown(Some(value?), kind.digits))));
    known.collect::<Vec<_>>().join("; ")
}

/// A table for each case. The ratio is ours to Chromium's; in bold where we are behind. Figures that nobody has are left
/// out.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let columns = outcome.medians();
        let of =
            |peer: Peer| columns.iter().find(|(column, _)| column.peer == peer).map(|(_, figures)| figures);
        let names: Vec<&str> = columns.iter().map(|(column, _)| column.name).collect();
        let _ = writeln!(text, "### {}\n\n| | {} | ratio |", outcome.case.name, names.join(" | "));
        let _ = writeln!(text, "|---|{}---:|", "---:|".repeat(names.len()));
        for (index, kind) in KINDS.iter().enumerate() {
            let values: Vec<Option<f64>> = columns.iter().map(|(_, figures)| figures.0[index]).collect();
            if values.iter().all(Option::is_none) {
                continue;
            }
            let pair = of(Peer::Ours).zip(of(Peer::Chromium));
            let pair = pair.and_then(|(ours, theirs)| ours.0[index].zip(theirs.0[index]));
            let ratio = pair.map_or_else(|| "–".into(), |(ours, theirs)| ratio(kind, ours, theirs));
            let values: Vec<String> = values.into_iter().map(|value| shown(value, kind.digits)).collect();
            let _ = writeln!(text, "| {} | {} | {ratio} |", kind.name, values.join(" | "));
        }
        text.push('\n');
    }
    text
}

/// How calls came about, a row for each case and peer.
pub fn connects(all: &[Connects]) -> String {
    let mut text = String::from(
        "| | | both saw a picture | accept to first frame at both, median, ms | worst, ms |\n|---|---|---:|---:|---:|\n",
    );
    for Connects { case, peer, waits_ms } in all {
        let seen: Vec<f64> = waits_ms.iter().flatten().copied().collect();
        let worst = seen.iter().copied().reduce(f64::max);
        let _ = writeln!(
            text,
            "| {case} | {peer} | {} of {} | {} | {} |",
            seen.len(),
            waits_ms.len(),
            shown(median(seen), 0),
            shown(worst, 0)
        );
    }
    text
}

fn ratio(kind: &Kind, ours: f64, theirs: f64) -> String {
    let behind = if kind.less_is_better { ours > theirs } else { ours < theirs };
    let ratio = ours / theirs;
    let ratio = if ratio.is_finite() { format!("{ratio:.2}") } else { "–".into() };
    if behind { format!("**{ratio}**") } else { ratio }
}

fn shown(value: Option<f64>, digits: usize) -> String {
    match value {
        Some(value) if value.is_infinite() => "never".into(),
        Some(value) => format!("{value:.digits$}"),
        None => "–".into(),
    }
}
