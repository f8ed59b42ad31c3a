//! `platforms`: the bots on chat platforms.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::approvals::read_data;
use super::pair_platform::{self, PairArgs};
use super::rules::text;
use super::test_platform::{self, TestArgs};
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::Screen;

/// Show the bots on chat platforms and how their connections fare.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign platforms list
  countersign platforms test mattermost
  countersign platforms pair whatsapp")]
pub(crate) struct PlatformsArgs {
    #[command(subcommand)]
    command: PlatformsCommand,
}

#[derive(Debug, Subcommand)]
enum PlatformsCommand {
    /// List the bots, whether they are connected, and which node keeps the connection
    #[command(after_help = "Example:\n  countersign platforms list --json")]
    List {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    Test(TestArgs),
    Pair(PairArgs),
}

/// Does what is asked with platforms.
pub(crate) async fn run(args: PlatformsArgs, global: &Global) -> Outcome {
    let (json, connect) = match args.command {
        PlatformsCommand::List { json, connect } => (json, connect),
        PlatformsCommand::Test(args) => return test_platform::run(args, global).await,
        PlatformsCommand::Pair(args) => return pair_platform::run(args, global).await,
    };
    let screen = Screen::detect();
    let page: Value = connect.client(global)?.get("/v1/platforms").await?;
    if json.json {
        screen.json(&page)?;
    } else {
        list(screen, &page)?;
    }
    Ok(Answer::Yes)
}

fn list(screen: Screen, page: &Value) -> Result<(), Failure> {
    let accounts: Vec<Value> = read_data(page)?;
    if accounts.is_empty() {
        return Ok(screen.line("there is no bot on any platform")?);
    }
    let fields = ["platform", "account", "state", "since", "why", "kept_by", "chats"];
    let rows: Vec<Vec<String>> =
        accounts.iter().map(|one| fields.iter().map(|field| text(one, field)).collect()).collect();
    let heads = ["PLATFORM", "ACCOUNT", "STATE", "SINCE", "WHY", "KEPT BY", "CHATS"];
    screen.table(&heads, &rows)?;
    for one in &accounts {
        let problems = one.get("problems").and_then(Value::as_array);
        for problem in problems.into_iter().flatten().filter_map(Value::as_str) {
            let (platform, account) = (text(one, "platform"), text(one, "account"));
            screen.line(format!("{platform}/{account}: {problem}"))?;
        }
    }
    Ok(())
}
