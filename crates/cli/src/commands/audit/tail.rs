//! `audit tail`: the last records, and those that follow.

use std::time::Duration;

use clap::Args;
use countersign_domain::audit::SealedRecord;
use countersign_domain::audit::chain::Malformed;

use super::log::Log;
use super::{FilterArgs, JsonFlag, home};
use crate::commands::Global;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::{Screen, Tone, inert_line};

/// How often the log is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// How many records are read in one go.
const BATCH: usize = 500;

#[derive(Debug, Args)]
pub(super) struct TailArgs {
    /// How many records
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    lines: usize,
    /// Go on with every record that is added
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    filter: FilterArgs,
    /// One JSON object a line, as in an export
    #[command(flatten)]
    json: JsonFlag,
}

/// Prints the end of the log.
pub(super) async fn run(screen: Screen, args: TailArgs, global: &Global) -> Outcome {
    let log = Log::of(&home(global)?).await?;
    let filter = args.filter.filter();
    let mut seen = log.last().await?;
    let mut found = log.latest(filter.clone(), args.lines).await?;
    loop {
        for line in &found {
            show(screen, line, args.json)?;
            seen = seen.max(line.seq);
        }
        if !args.follow {
            return Ok(Answer::Yes);
        }
        if found.len() < BATCH {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        found = log.following(filter.clone(), seen, BATCH).await?;
    }
}

fn show(screen: Screen, line: &SealedRecord, json: JsonFlag) -> Result<(), Failure> {
    if json.json {
        let text = line.line().map_err(|error: Malformed| Failure::refused(error))?;
        return Ok(screen.line(text)?);
    }
    let record = &line.record;
    let detail = record
        .detail
        .iter()
        .filter(|(name, value)| !value.is_null() && *name != "token")
        .map(|(name, value)| {
            format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect::<Vec<_>>()
        .join(" ");
    Ok(screen.line(format!(
        "{:>6}  {}  {}  {}  {}  {}",
        line.seq,
        record.at,
        screen.tone(Tone::Strong, &format!("{:<22}", record.kind.as_str())),
        inert_line(&record.actor.to_string(), 40),
        inert_line(&record.subject, 60),
        screen.tone(Tone::Dim, &inert_line(&detail, 200)),
    ))?)
}
