//! `audit verify` and `audit verify-receipt`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use countersign_domain::audit::checkpoint::{Checkpoint, Statement};
use countersign_domain::audit::receipt::Receipt;
use countersign_domain::audit::verify::{Broken, Report, Verifier};
use countersign_domain::signing::VerifyingKeys;
use countersign_storage::LogFileError;
use serde_json::{Value, json};

use super::log::Log;
use super::{JsonFlag, home, keys::keys, read};
use crate::commands::Global;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::Home;
use crate::output::{Screen, inert_line};
use crate::progress::Meter;

/// What is done while it takes long.
const CHECKING: &str = "checking records";

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Begin with this record; what is before it is taken as it is
    #[arg(long, value_name = "SEQ", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// The public keys, as published by the gateway [default: those of the home]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Check this export (jsonl) instead of the database
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A checkpoint or a receipt that you have kept: the log must reach it
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    #[command(flatten)]
    json: JsonFlag,
}

#[derive(Debug, Args)]
pub(super) struct ReceiptArgs {
    /// The receipt
    file: PathBuf,
    /// The public keys, as published by the gateway [default: those of the home]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    json: JsonFlag,
}

/// Checks a log.
pub(super) async fn log(screen: Screen, args: &VerifyArgs, global: &Global) -> Outcome {
    let keys = keys(args.key.as_ref(), global)?;
    let home = if args.file.is_none() { Some(home(global)?) } else { None };
    let beside = home.as_ref().map(Home::audit_checkpoint).filter(|file| file.exists());
    // Read before the log is: a running gateway may sign more meanwhile.
    let statements: Result<Vec<_>, _> =
        args.checkpoint.iter().chain(&beside).map(|file| kept(file, &keys)).collect();
    let statements = statements?;
    let mut verifier = Verifier::from(args.from, Some(&keys));
    let checked = match (&args.file, &home) {
        (Some(file), _) => lines(file, &mut verifier)?,
        (None, Some(home)) => stored(home, args.from, &mut verifier).await?,
        (None, None) => Ok(()),
    };
    let result = checked.and_then(|()| verifier.finish(&statements));
    match result {
        Ok(report) => sound(screen, &report, args.json),
        Err(broken) => bad(screen, &broken, args.json),
    }
}

/// Checks a receipt.
pub(super) fn receipt(screen: Screen, args: &ReceiptArgs, global: &Global) -> Outcome {
    let keys = keys(args.key.as_ref(), global)?;
    match Receipt::verify(&read(&args.file)?, &keys) {
        Ok(receipt) => {
            if args.json.json {
                screen.json(&json!({"ok": true, "approval_id": receipt.approval_id}))?;
            } else {
                screen.line(format!(
                    "good: {} was answered `{}` by {} at {} (record {}, signed with record {})",
                    inert_line(&receipt.approval_id, 80),
                    word(&receipt.choice),
                    inert_line(&receipt.decided_by, 80),
                    receipt.decided_at,
                    receipt.record.get("seq").unwrap_or(&Value::Null),
                    receipt.checkpoint.seq,
                ))?;
            }
            Ok(Answer::Yes)
        }
        Err(error) => {
            if args.json.json {
                screen.json(&json!({"ok": false, "why": error.to_string()}))?;
            } else {
                screen.line(format!("bad: {}", inert_line(&error.to_string(), 400)))?;
            }
            Ok(Answer::No)
        }
    }
}

/// The outer error is one of reading the database.
async fn stored(
    home: &Home,
    from: u64,
    verifier: &mut Verifier<'_>,
) -> Result<Result<(), Broken>, Failure> {
    let log = Log::of(home).await?;
    let mut meter = Meter::start(CHECKING, Some(log.last().await?));
    match log.verify(from, verifier, &mut meter).await {
        Ok(()) => Ok(Ok(())),
        Err(LogFileError::Broken(broken)) => Ok(Err(broken)),
        Err(error) => Err(error.into()),
    }
}

/// The outer error is one of reading the file.
fn lines(file: &Path, verifier: &mut Verifier<'_>) -> Result<Result<(), Broken>, Failure> {
    let told = |error: std::io::Error| Failure::Usage(format!("`{}`: {error}", file.display()));
    let mut meter = Meter::start(CHECKING, None);
    let lines = BufReader::new(File::open(file).map_err(told)?).split(b'\n');
    for (line, number) in lines.zip(1..) {
        let line = line.map_err(told)?;
        meter.at(number);
        // What is no UTF-8 is no record either.
        if let Err(broken) = verifier.line(&String::from_utf8_lossy(&line)) {
            return Ok(Err(broken));
        }
    }
    Ok(Ok(()))
}

/// The checkpoint that somebody has kept: its signed form alone, or a receipt.
fn kept(file: &Path, keys: &VerifyingKeys) -> Result<Statement, Failure> {
    let text = read(&file.to_owned())?;
    let document: Option<Value> = serde_json::from_str(&text).ok();
    let within = document.as_ref().and_then(|value| value.pointer("/checkpoint/token")?.as_str());
    let token = within.unwrap_or_else(|| text.trim());
    let opened = Checkpoint::open(token, keys);
    let opened = opened.map_err(|error| {
        Failure::Refused(format!("`{}` is no checkpoint of this log: {error}", file.display()))
    })?;
    Ok(opened.statement)
}

fn sound(screen: Screen, report: &Report, json: JsonFlag) -> Outcome {
    if json.json {
        screen.json(&json!({"ok": true, "report": report}))?;
        return Ok(Answer::Yes);
    }
    let unsigned = report.head.saturating_sub(report.signed.unwrap_or(0));
    screen.line(format!(
        "good: {} records up to {} ({}), {} checkpoints; the last {unsigned} records are not signed \
         yet",
        report.records,
        report.head,
        report.hash.short(),
        report.checkpoints,
    ))?;
    Ok(Answer::Yes)
}

fn bad(screen: Screen, broken: &Broken, json: JsonFlag) -> Outcome {
    let why = broken.flaw.to_string();
    if json.json {
        screen.json(&json!({"ok": false, "seq": broken.seq, "why": why}))?;
    } else {
        screen.line(format!("bad: record {}: {}", broken.seq, inert_line(&why, 400)))?;
    }
    Ok(Answer::No)
}

fn word(value: &Value) -> String {
    inert_line(value.as_str().unwrap_or("-"), 80)
}
