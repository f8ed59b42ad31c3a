//! `audit`: checks, follows and exports the audit log. It reads the database itself, so that it works
//! without a gateway and takes nothing on trust from one.

mod export;
mod keys;
mod log;
mod tail;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::time::Timestamp;
use countersign_ports::store::AuditFilter;
use countersign_storage::LogFileError;

use super::{Global, JsonFlag};
use crate::failure::{Failure, Outcome};
use crate::home::Home;
use crate::output::Screen;

/// Check, follow and export the audit log.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign audit verify
  countersign audit tail -f
  countersign audit export --format jsonl > audit.jsonl")]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check the whole log; exit code 1 and the first bad record if something was changed
    ///
    /// Recomputes every hash and every checkpoint's signature. Without --file it reads the database
    /// of the home, also while the gateway runs, and holds it against the newest checkpoint in the
    /// file `audit.checkpoint` beside it.
    #[command(after_help = "Examples:
  countersign audit verify
  countersign audit verify --checkpoint /media/usb/audit.checkpoint
  countersign audit verify --file audit.jsonl --key countersign-keys.json")]
    Verify(verify::VerifyArgs),
    /// Check a decision's receipt, offline
    #[command(
        after_help = "Example:\n  countersign audit verify-receipt receipt.json --key countersign-keys.json"
    )]
    VerifyReceipt(verify::ReceiptArgs),
    /// Print the last records, and with -f those that follow
    #[command(after_help = "Examples:
  countersign audit tail -n 50
  countersign audit tail -f --kind approval.decided")]
    Tail(tail::TailArgs),
    /// Print the log, or a part of it, as JSON lines or CSV
    ///
    /// Only a whole export in the format jsonl can be checked with `audit verify --file`.
    #[command(after_help = "Examples:
  countersign audit export > audit.jsonl
  countersign audit export --format csv --since 2026-11-01 --kind approval.decided")]
    Export(export::ExportArgs),
}

/// Which records.
#[derive(Debug, Clone, Args)]
pub(crate) struct FilterArgs {
    /// Only of this kind, such as approval.decided
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<AuditKind>,
    /// Only about this: the id of an approval, run, rule or key
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// Only by `system` or this principal
    #[arg(long, value_name = "WHO")]
    actor: Option<Actor>,
    /// Only made then or later: 2026-11-18 or 2026-11-18T11:00:00Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<Timestamp>,
    /// Only made before then
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
}

/// Does what is asked with the log.
pub(crate) async fn run(args: AuditArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        AuditCommand::Verify(args) => verify::log(screen, &args, global).await,
        AuditCommand::VerifyReceipt(args) => verify::receipt(screen, &args, global),
        AuditCommand::Tail(args) => tail::run(screen, args, global).await,
        AuditCommand::Export(args) => export::run(&args, global).await,
    }
}

impl FilterArgs {
    fn filter(&self) -> AuditFilter {
        AuditFilter {
            kind: self.kind,
            subject: self.subject.clone(),
            actor: self.actor.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

fn home(global: &Global) -> Result<Home, Failure> {
    Ok(Home::open(&Home::place(global.home.as_deref())?)?)
}

fn read(path: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("`{}`: {error}", path.display())))
}

fn kind(text: &str) -> Result<AuditKind, String> {
    AuditKind::from_word(text).ok_or_else(|| {
        let known: Vec<_> = AuditKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("the kinds are {}", known.join(", "))
    })
}

fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .or_else(|_| format!("{text}T00:00:00Z").parse::<Timestamp>())
        .map_err(|_| "write a day or a time in UTC: 2026-11-18 or 2026-11-18T11:00:00Z".to_owned())
}

impl From<LogFileError> for Failure {
    fn from(error: LogFileError) -> Self {
        match error {
            LogFileError::Taking(error) => error.into(),
            LogFileError::Store(_) | LogFileError::Broken(_) | LogFileError::Malformed(..) => {
                Self::refused(error)
            }
        }
    }
}
