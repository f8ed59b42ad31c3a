//! `audit export`: the log in a form for other programs.

use std::io::{self, BufWriter, Write};

use clap::{Args, ValueEnum};
use countersign_domain::audit::SealedRecord;
use countersign_ports::store::AuditFilter;

use super::log::Log;
use super::{FilterArgs, home};
use crate::commands::Global;
use crate::failure::{Answer, Failure, Outcome};
use crate::progress::Meter;

/// How many records are read in one go.
const BATCH: usize = 1000;

/// The first line of a CSV export.
const COLUMNS: &str = "seq,at,kind,actor,subject,session,node,detail,prev,hash";

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One record a line, in the canonical JSON that hashes are taken over
    #[default]
    Jsonl,
    /// A table; a cell that a spreadsheet would take for a formula begins with an apostrophe
    Csv,
}

/// Prints the log.
pub(super) async fn run(args: &ExportArgs, global: &Global) -> Outcome {
    let log = Log::of(&home(global)?).await?;
    let mut out = BufWriter::new(io::stdout());
    let filter = args.filter.filter();
    let mut meter = Meter::beside_output("records", Some(log.last().await?));
    match args.format {
        Format::Jsonl if filter == AuditFilter::default() => {
            let mut count = 0;
            log.lines(|line| {
                count += 1;
                meter.at(count);
                writeln!(out, "{line}")
            })
            .await?;
        }
        Format::Jsonl => {
            part(&log, &filter, |line| {
                meter.at(line.seq);
                let text = line.line().map_err(Failure::refused)?;
                Ok(writeln!(out, "{text}")?)
            })
            .await?;
        }
        Format::Csv => {
            writeln!(out, "{COLUMNS}")?;
            part(&log, &filter, |line| {
                meter.at(line.seq);
                Ok(writeln!(out, "{}", row(line)?)?)
            })
            .await?;
        }
    }
    out.flush()?;
    Ok(Answer::Yes)
}

async fn part(
    log: &Log,
    filter: &AuditFilter,
    mut take: impl FnMut(&SealedRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let found = log.following(filter.clone(), after, BATCH).await?;
        found.iter().try_for_each(&mut take)?;
        match found.last() {
            Some(last) if found.len() == BATCH => after = last.seq,
            Some(_) | None => return Ok(()),
        }
    }
}

fn row(line: &SealedRecord) -> Result<String, Failure> {
    let record = &line.record;
    let session = record.session.map(|id| id.to_string()).unwrap_or_default();
    let cells = [
        line.seq.to_string(),
        record.at.to_string(),
        record.kind.as_str().to_owned(),
        record.actor.to_string(),
        record.subject.clone(),
        session,
        line.node.clone(),
        serde_json::to_string(&record.detail).map_err(Failure::refused)?,
        line.prev.to_string(),
        line.hash.to_string(),
    ];
    Ok(cells.map(|cell| escaped(&cell)).join(","))
}

/// A cell of a table (RFC 4180) that no spreadsheet computes.
fn escaped(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn cells_are_quoted_and_compute_nothing() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"\n", "\"say \"\"x\"\"\n\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
        ] {
            assert_eq!(escaped(cell), expected);
        }
    }
}
