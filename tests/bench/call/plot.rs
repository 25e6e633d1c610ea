//! Rate, frame rate and delay over time, as SVG.
use super::{Outcome, column::Column, end::End};
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const PANEL: f64 = 130.0;
const GAP: f64 = 34.0;
/// For the names of the peers.
const HEAD: f64 = 22.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
/// What is drawn, below one another.
const PANELS: [(&str, &str); 4] = [
    ("received, kbit/s", "kbps_in"),
    ("frames a second", "fps"),
    ("lines of picture", "size.1"),
    ("latency p50, ms", "latency_ms.p50"),
];

/// The callee's course (or that of the one end that a column is about) of all runs, in seconds after connection: the middle
/// run as a line, the others faint.
pub fn svg(outcome: &Outcome) -> String {
    let seconds = f64::from(outcome.case.seconds);
    let height = HEAD + (PANEL + GAP) * PANELS.len() as f64 + GAP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\" fill=\"#374151\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let drawn = outcome
        .columns()
        .filter(|(_, calls)| calls.iter().flatten().any(|end| end.course.of("fps").next().is_some()));
    for (index, (Column { name, colour, .. }, _)) in drawn.enumerate() {
        let x = LEFT + 150.0 * index as f64;
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"16\" fill=\"{colour}\">{name}</text>");
    }
    for (index, (title, path)) in PANELS.into_iter().enumerate() {
        let top = HEAD + GAP + (PANEL + GAP) * index as f64;
        panel(&mut svg, outcome, Panel { title, path, top, seconds });
    }
    svg.push_str("</svg>\n");
    svg
}

struct Panel {
    title: &'static str,
    path: &'static str,
    top: f64,
    seconds: f64,
}

fn panel(svg: &mut String, outcome: &Outcome, Panel { title, path, top, seconds }: Panel) {
    let points = |column: &Column, call: &[End; 2]| -> Vec<(f64, f64)> {
        let end = column.ends(call).last();
        end.map(|end| end.course.of(path).filter(|(at, _)| *at >= 0.0).collect()).unwrap_or_default()
    };
    let all =
        outcome.columns().flat_map(|(column, calls)| calls.iter().flat_map(|call| points(column, call)));
    let most = nice(all.map(|(_, value)| value).fold(0.0, f64::max));
    let x = |t: f64| LEFT + (WIDTH - LEFT - RIGHT) * (t / seconds).min(1.0);
    let y = |value: f64| top + PANEL * (1.0 - value / most);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{title}</text>", top - 5.0);
    for part in [0.0, 0.5, 1.0] {
        let (value, right) = (most * part, WIDTH - RIGHT);
        let at = y(value);
        let _ = writeln!(svg, "<path d=\"M{LEFT} {at}H{right}\" stroke=\"#e5e7eb\"/>");
        let _ =
            writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>", LEFT - 6.0, at + 4.0);
    }
    let step = if seconds > 40.0 { 10 } else { 5 };
    for t in (0..=seconds as u32).step_by(step) {
        let (at, below) = (x(f64::from(t)), top + PANEL + 13.0);
        let _ = writeln!(svg, "<text x=\"{at}\" y=\"{below}\" text-anchor=\"middle\">{t} s</text>");
    }
    for (column, calls) in outcome.columns() {
        for (index, call) in calls.iter().enumerate() {
            let line: Vec<String> =
                points(column, call).into_iter().map(|(t, v)| format!("{:.1},{:.1}", x(t), y(v))).collect();
            let (opacity, width) = if index == calls.len() / 2 { (1.0, 1.8) } else { (0.3, 1.0) };
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" opacity=\"{opacity}\"/>",
                line.join(" "),
                column.colour
            );
        }
    }
}

/// A round number that is no less.
fn nice(value: f64) -> f64 {
    let unit = 10_f64.powf(value.max(1.0).log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|n| n * unit)
        .find(|n| *n >= value)
        .unwrap_or(value)
}
