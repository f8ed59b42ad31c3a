//! `pairings`: people who are on no list of a platform and ask to be heard.

use clap::{Args, Subcommand};
use countersign_domain::chat::PairingCode;
use countersign_domain::ids::PairingId;
use serde_json::{Value, json};

use super::approvals::read_data;
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::Screen;

/// Let people in who were given a pairing code.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign pairings list
  countersign pairings approve K7QM-2XWD
  countersign pairings remove pair_0196…")]
pub(crate) struct PairingsArgs {
    #[command(subcommand)]
    command: PairingsCommand,
}

#[derive(Debug, Subcommand)]
enum PairingsCommand {
    /// List who was let in, and who waits with a code
    #[command(after_help = "Example:\n  countersign pairings list --json")]
    List {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Let in who was given this code; from now on what they write is heard
    #[command(after_help = "Example:\n  countersign pairings approve K7QM-2XWD")]
    Approve {
        /// The code, as they tell it to you
        code: String,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Hear somebody no more, or make their code good for nothing
    #[command(after_help = "Example:\n  countersign pairings remove pair_0196…")]
    Remove {
        /// The pairing
        id: String,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Does what is asked with pairings.
pub(crate) async fn run(args: PairingsArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        PairingsCommand::List { json, connect } => {
            let page: Value = connect.client(global)?.get("/v1/pairings").await?;
            if json.json {
                screen.json(&page)?;
            } else {
                list(screen, &page)?;
            }
        }
        PairingsCommand::Approve { code, connect } => {
            let code: PairingCode = code.parse().map_err(Failure::usage)?;
            let body = json!({"code": code});
            let client = connect.client(global)?;
            let let_in: Value = client.post("/v1/pairings/approve", &body).await?;
            let (person, platform) = (text(&let_in, "person"), text(&let_in, "platform"));
            screen.line(format!("{person} on {platform} is heard from now on"))?;
        }
        PairingsCommand::Remove { id, connect } => {
            let id: PairingId = id.parse().map_err(Failure::usage)?;
            connect.client(global)?.delete(&format!("/v1/pairings/{id}")).await?;
            screen.line(format!("removed {id}"))?;
        }
    }
    Ok(Answer::Yes)
}

fn list(screen: Screen, page: &Value) -> Result<(), Failure> {
    let pairings: Vec<Value> = read_data(page)?;
    if pairings.is_empty() {
        return Ok(screen.line("nobody was let in, and nobody waits")?);
    }
    let names = ["pairing_id", "status", "platform", "person", "asked_at", "paired_by"];
    let rows: Vec<Vec<String>> = pairings
        .iter()
        .map(|pairing| names.iter().map(|name| text(pairing, name)).collect())
        .collect();
    Ok(screen.table(&["ID", "STATUS", "PLATFORM", "PERSON", "ASKED", "LET IN BY"], &rows)?)
}
