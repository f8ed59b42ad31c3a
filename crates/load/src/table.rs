//! `table`: what `speed` has measured, as the tables of `docs/performance.md`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::say;

/// Print what `speed --json` has written as tables in Markdown, a column for each run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  countersign-load table figures.jsonl")]
pub(crate) struct Arguments {
    /// What `speed --json` has written
    file: PathBuf,
}

/// Prints them.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let text = std::fs::read_to_string(&arguments.file).context("the figures")?;
    let runs: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    say(format!("{}\n{}", side_by_side(&runs), growth(&runs)));
    Ok(ExitCode::SUCCESS)
}

/// All figures of some runs, a column for each; latencies are those with the fewest pending.
pub(crate) fn side_by_side(runs: &[Value]) -> String {
    let columns: Vec<Vec<(String, String)>> = runs.iter().map(figures).collect();
    let mut table = format!("| what | {} |\n", names(runs).join(" | "));
    table.extend([format!("| --- |{}\n", " --- |".repeat(runs.len()))]);
    let mut whats: Vec<&String> = Vec::new();
    for (what, _) in columns.iter().flatten() {
        if !whats.contains(&what) {
            whats.push(what);
        }
    }
    for what in whats {
        let of = |column: &Vec<(String, String)>| {
            column.iter().find(|row| row.0 == *what).map(|row| row.1.clone()).unwrap_or_default()
        };
        let cells: Vec<_> = columns.iter().map(of).collect();
        table.extend([format!("| {what} | {} |\n", cells.join(" | "))]);
    }
    table
}

/// How latencies, decisions and memory grow with what is pending, a line for each run and number.
pub(crate) fn growth(runs: &[Value]) -> String {
    let mut table = "| | pending | approval at the client, p50 / p99 | decision acknowledged, p50 / p99 \
         | command started, p50 / p99 | processor time for a round trip | decisions/s | memory of the nodes |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for (run, name) in runs.iter().zip(names(runs)) {
        for level in levels(run) {
            let latency = |what: &str| latency(level, what);
            table.extend([format!(
                "| {name} | {} | {} | {} | {} | {:.1} ms | {:.0} | {:.0} MiB |\n",
                number(level, "pending"),
                latency("asked"),
                latency("acknowledged"),
                latency("started"),
                number(level, "cpu"),
                number(level, "decisions"),
                number(level, "resident") / 1024.0,
            )]);
        }
    }
    table
}

fn names(runs: &[Value]) -> Vec<&str> {
    runs.iter().map(|run| run.get("name").and_then(Value::as_str).unwrap_or_default()).collect()
}

fn levels(run: &Value) -> impl Iterator<Item = &Value> {
    run.get("growth").and_then(Value::as_array).into_iter().flatten()
}

fn figures(run: &Value) -> Vec<(String, String)> {
    let rows = run.get("rows").and_then(Value::as_array).into_iter().flatten();
    let text = |cell: Option<&Value>| cell.and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut figures: Vec<_> = rows.map(|row| (text(row.get(0)), text(row.get(1)))).collect();
    if let Some(first) = levels(run).next() {
        for (what, field) in [
            ("from the start of the run to the approval at the client, p50 / p99", "asked"),
            ("decision acknowledged, p50 / p99", "acknowledged"),
            ("from the decision to the start of the command, p50 / p99", "started"),
        ] {
            figures.push((what.to_owned(), latency(first, field)));
        }
        let cpu = format!("{:.1} ms", number(first, "cpu"));
        figures.push(("processor time of the nodes for one round trip".to_owned(), cpu));
        let decisions = format!("{:.0}", number(first, "decisions"));
        let what = "decisions a second (their runs end meanwhile)".to_owned();
        figures.push((what, decisions));
    }
    figures
}

fn latency(level: &Value, what: &str) -> String {
    let at = |part: &str| number(level, &format!("{what}_{part}"));
    format!("{:.1} / {:.1} ms", at("p50"), at("p99"))
}

fn number(level: &Value, field: &str) -> f64 {
    level.get(field).and_then(Value::as_f64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_run_is_a_column_and_each_number_of_pending_a_line() {
        let level = |pending: u64| {
            json!({"pending": pending, "asked_p50": 1.0, "asked_p99": 2.0, "acknowledged_p50": 3.0,
                "acknowledged_p99": 4.0, "started_p50": 5.0, "started_p99": 6.0, "cpu": 7.04,
                "decisions": 800.2, "resident": 9216})
        };
        let run = |name: &str, what: &str| json!({"name": name, "rows": [[what, "9/s"]], "growth": [level(100), level(1000)]});
        let runs = [run("one", "commits"), run("two", "other commits")];
        let table = side_by_side(&runs);
        assert!(
            table.starts_with("| what | one | two |\n| --- | --- | --- |\n| commits | 9/s |  |\n")
        );
        assert!(
            table.contains("| decision acknowledged, p50 / p99 | 3.0 / 4.0 ms | 3.0 / 4.0 ms |\n")
        );
        assert!(table.ends_with("| other commits |  | 9/s |\n"), "{table}");
        let growth = growth(&runs);
        assert_eq!(growth.lines().count(), 6);
        assert!(growth.ends_with(
            "| two | 1000 | 1.0 / 2.0 ms | 3.0 / 4.0 ms | 5.0 / 6.0 ms | 7.0 ms | 800 | 9 MiB |\n"
        ));
    }
}
