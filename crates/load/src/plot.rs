//! `plot`: what `speed` has measured, as a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::say;

/// Draw what `speed --json` has written: how latency and memory grow with what is pending.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  countersign-load plot figures.jsonl --svg docs/performance.svg")]
pub(crate) struct Arguments {
    /// What `speed --json` has written
    file: PathBuf,
    /// Where the picture goes
    #[arg(long, value_name = "FILE")]
    svg: PathBuf,
}

/// Draws it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let text = std::fs::read_to_string(&arguments.file).context("the figures")?;
    let runs: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    std::fs::write(&arguments.svg, picture(&runs))?;
    say(format!("{} runs drawn into {}", runs.len(), arguments.svg.display()));
    Ok(ExitCode::SUCCESS)
}

const COLOURS: [&str; 6] = ["#1f5fa8", "#b4451f", "#2a7f4f", "#7a3f9d", "#8a6d00", "#555555"];

/// A field of the growth and what it is called.
const PANELS: [(&str, &str); 4] = [
    ("asked_p50", "approval at the client, p50, ms"),
    ("started_p50", "decision to start of command, p50, ms"),
    ("decisions", "decisions a second, 32 at once"),
    ("resident", "memory of all nodes, MiB"),
];

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 200.0;
/// Room for labels left of and above each panel.
const MARGIN: (f64, f64) = (56.0, 34.0);

/// Four panels, each a line for each run over the number of pending approvals.
fn picture(runs: &[Value]) -> String {
    let (wide, high) = (2.0 * (WIDTH + MARGIN.0) + 24.0, 2.0 * (HEIGHT + MARGIN.1 + 30.0) + 30.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <title>Growth with the number of pending approvals</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (number, (field, title)) in PANELS.into_iter().enumerate() {
        let left = MARGIN.0 + if number % 2 == 0 { 0.0 } else { WIDTH + MARGIN.0 };
        let top = MARGIN.1 + if number < 2 { 0.0 } else { HEIGHT + MARGIN.1 + 30.0 };
        svg.push_str(&panel(runs, (field, title), (left, top)));
    }
    let mut left = MARGIN.0;
    for (run, colour) in runs.iter().zip(COLOURS.iter().cycle()) {
        let name = run.get("name").and_then(Value::as_str).unwrap_or_default();
        svg.extend([format!(
            "<text x=\"{left}\" y=\"{}\" fill=\"{colour}\">■ {name}</text>\n",
            high - 10.0
        )]);
        left += 160.0;
    }
    svg.push_str("</svg>\n");
    svg
}

/// The points of one line: pending and value.
fn points(run: &Value, field: &str) -> Vec<(f64, f64)> {
    let growth = run.get("growth").and_then(Value::as_array);
    let scale = if field == "resident" { 1.0 / 1024.0 } else { 1.0 };
    growth
        .into_iter()
        .flatten()
        .filter_map(|level| {
            Some((level.get("pending")?.as_f64()?, level.get(field)?.as_f64()? * scale))
        })
        .collect()
}

fn panel(runs: &[Value], (field, title): (&str, &str), (left, top): (f64, f64)) -> String {
    let lines: Vec<_> = runs.iter().map(|run| points(run, field)).collect();
    let all = || lines.iter().flatten();
    let least = all().map(|point| point.0).fold(f64::INFINITY, f64::min).max(1.0).log10();
    let most = all().map(|point| point.0).fold(10.0, f64::max).log10();
    let highest = all().map(|point| point.1).fold(0.0, f64::max).max(1.0) * 1.1;
    let span = (most - least).max(f64::EPSILON);
    let place = |(pending, value): (f64, f64)| {
        let across = (pending.max(1.0).log10() - least) / span;
        (left + across * WIDTH, top + HEIGHT - value / highest * HEIGHT)
    };
    let mut svg = format!(
        "<text x=\"{left}\" y=\"{}\" font-weight=\"bold\">{title}</text>\n\
         <rect x=\"{left}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" \
         stroke=\"#999999\"/>\n",
        top - 8.0
    );
    for part in [0.25, 0.5, 0.75, 1.0] {
        let (y, value) = (top + HEIGHT - part * HEIGHT, part * highest);
        let right = left + WIDTH;
        svg.extend([format!(
            "<line x1=\"{left}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"#e4e4e4\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value:.0}</text>\n",
            left - 5.0,
            y + 4.0
        )]);
    }
    let mut labels: Vec<f64> = all().map(|point| point.0).collect();
    labels.sort_by(f64::total_cmp);
    labels.dedup();
    for pending in labels {
        let (x, y) = (place((pending, 0.0)).0, top + HEIGHT + 15.0);
        svg.extend([format!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{pending}</text>\n"
        )]);
    }
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let path: Vec<_> =
            line.iter().map(|point| place(*point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        svg.extend([format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
            path.join(" ")
        )]);
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_run_is_a_line_in_each_panel() {
        let level = |pending: u64, value: u64| {
            json!({"pending": pending, "asked_p50": value, "started_p50": value,
                "decisions": value, "resident": value * 1024})
        };
        let run = |name: &str| json!({"name": name, "growth": [level(100, 5), level(1000, 10)]});
        let svg = picture(&[run("one"), run("two")]);
        assert_eq!(svg.matches("<polyline").count(), 8);
        assert!(svg.contains("two") && svg.ends_with("</svg>\n"));
        // The right end of the first panel, at 10 of 11.
        assert!(svg.contains("436.0,52.2"), "{svg}");
    }
}
