//! `store`: moves everything from one store to another.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_domain::signing::{KeyRing, VerifyingKeys};
use countersign_storage::config::{filled, place};
use countersign_storage::{Copied, CopyError, Place, Progress, copy};
use serde_json::{Map, Value, json};

use super::{Global, JsonFlag};
use crate::environment::{Environment, expanded};
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, HomeLock};
use crate::output::{Screen, aside};
use crate::progress::Meter;

/// How many rows are copied between two lines that say so.
const SAID_EVERY: u64 = 100_000;

/// Move everything from one store to another.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  countersign store migrate --from sqlite:~/.countersign/countersign.db \\
      --to 'postgres://countersign:${DB_PASSWORD}@db.example.org/countersign'")]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Copy everything into an empty store; stop every gateway first
    ///
    /// While a gateway still works on the source nothing is copied; one that was cut off, and says
    /// nothing for ten seconds, is gone. The audit log is checked in the source and again in the copy. Everything arrives at once, or
    /// nothing does: what was broken off can be begun again. The source stays as it is. Afterwards
    /// set `store.url`.
    #[command(after_help = "Examples:
  countersign store migrate --from sqlite:~/.countersign/countersign.db \\
      --to 'postgres://countersign:${DB_PASSWORD}@db.example.org/countersign'
  countersign store migrate --from postgres:///countersign?host=/run/postgresql \\
      --to sqlite:./countersign.db")]
    Migrate {
        /// The store that is copied: sqlite:PATH or postgres://…; ${NAME} is an environment variable
        #[arg(long, value_name = "URL")]
        from: String,
        /// The store that everything is copied to; it must be empty
        #[arg(long, value_name = "URL")]
        to: String,
        #[command(flatten)]
        json: JsonFlag,
    },
}

/// Does what is asked with stores.
pub(crate) async fn run(args: StoreArgs, global: &Global) -> Outcome {
    let StoreCommand::Migrate { from, to, json } = args.command;
    let environment = Environment::read()?;
    let (from, to) = (read("--from", &from, &environment)?, read("--to", &to, &environment)?);
    // A gateway that runs on this home would go on writing into the one that is copied.
    let root = Home::place(global.home.as_deref())?;
    let home = if root.exists() { Some(Home::open(&root)?) } else { None };
    let _lock = home.as_ref().map(HomeLock::take).transpose()?;
    let keys = home.as_ref().map(|home| keys(&home.signing_keys())).transpose()?.flatten();
    if keys.is_none() {
        aside("There is no signing key in the home: signatures of checkpoints are not checked.");
    }
    let copied = copy(&from, &to, keys.as_ref(), told()).await.map_err(|error| refused(&error))?;
    say(Screen::detect(), &copied, (&from, &to), json)
}

fn read(option: &str, address: &str, environment: &Environment) -> Result<Place, Failure> {
    let wrong = |problem: String| Failure::Usage(format!("{option}: {problem}"));
    let address = filled(address, |name| environment.get(name)).map_err(wrong)?;
    match place(&address, None).map_err(|error| wrong(error.to_string()))? {
        Place::Sqlite(path) => {
            let path = expanded(&path);
            Ok(Place::Sqlite(std::path::absolute(&path).unwrap_or(path)))
        }
        server @ Place::Postgres(_) => Ok(server),
    }
}

/// The public keys of a home that has some.
fn keys(file: &Path) -> Result<Option<VerifyingKeys>, Failure> {
    if !file.exists() {
        return Ok(None);
    }
    let told = |error: &dyn std::fmt::Display| {
        Failure::Usage(format!("`{}`: {error}", PathBuf::from(file).display()))
    };
    let text = std::fs::read_to_string(file).map_err(|error| told(&error))?;
    let ring = KeyRing::from_document(&text).map_err(|error| told(&error))?;
    Ok(Some(ring.verifying()))
}

/// Says what is being done, on standard error.
fn told() -> impl FnMut(Progress) {
    let mut next = SAID_EVERY;
    // On a terminal a line that grows tells more than one line after the other.
    let mut meter: Option<Meter> = None;
    move |step| match step {
        Progress::ListeningForNodes(listed) => aside(&format!(
            "{listed} nodes are listed in the source; in a few seconds it is known whether they are \
             gone"
        )),
        Progress::CheckingSource => aside("checking the audit log of the source"),
        Progress::Copying { table, done: 0, of } => {
            next = SAID_EVERY;
            meter = None;
            if of > 0 {
                aside(&format!("copying {of} rows of {table}"));
                meter = Meter::on_terminal(table, of);
            }
        }
        Progress::Copying { table, done, of } => match &mut meter {
            Some(meter) => meter.at(done),
            None if done >= next && done < of => {
                next = done.saturating_add(SAID_EVERY);
                aside(&format!("copying {table}: {done} of {of}"));
            }
            None => {}
        },
        Progress::CheckingCopy => {
            meter = None;
            aside("checking the audit log of the copy");
        }
    }
}

fn refused(error: &CopyError) -> Failure {
    Failure::Refused(format!("{error}\nNothing was copied."))
}

fn say(screen: Screen, copied: &Copied, (from, to): (&Place, &Place), json: JsonFlag) -> Outcome {
    if json.json {
        let rows: Map<_, _> =
            copied.rows.iter().map(|(table, rows)| ((*table).to_owned(), (*rows).into())).collect();
        let report = json!({
            "from": from.to_string(),
            "to": to.to_string(),
            "rows": Value::Object(rows),
            "audit": copied.audit,
        });
        screen.json(&report)?;
        return Ok(Answer::Yes);
    }
    let rows: u64 = copied.rows.iter().map(|(_, rows)| rows).sum();
    screen.line(format!("copied {rows} rows from {from} to {to}"))?;
    screen.line(format!(
        "the audit log is good before and after: {} records up to {} ({}), {} checkpoints",
        copied.audit.records,
        copied.audit.head,
        copied.audit.hash.short(),
        copied.audit.checkpoints,
    ))?;
    screen.line("Now set `store.url` in config.yaml, and start.")?;
    Ok(Answer::Yes)
}
