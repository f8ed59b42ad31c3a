//! `nodes`: the processes that work on one database.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::approvals::read_data;
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::Screen;

/// Show the nodes at work on the gateway's database.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  countersign nodes list")]
pub(crate) struct NodesArgs {
    #[command(subcommand)]
    command: NodesCommand,
}

#[derive(Debug, Subcommand)]
enum NodesCommand {
    /// List the nodes, what they drive and what only they do
    #[command(after_help = "Example:\n  countersign nodes list --json")]
    List {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Does what is asked with nodes.
pub(crate) async fn run(args: NodesArgs, global: &Global) -> Outcome {
    let NodesCommand::List { json, connect } = args.command;
    let screen = Screen::detect();
    let page: Value = connect.client(global)?.get("/v1/nodes").await?;
    if json.json {
        screen.json(&page)?;
    } else {
        list(screen, &page)?;
    }
    Ok(Answer::Yes)
}

fn list(screen: Screen, page: &Value) -> Result<(), Failure> {
    let nodes: Vec<Value> = read_data(page)?;
    let fields = ["name", "node_id", "state", "address", "version", "runs", "leases", "joined_at"];
    let rows: Vec<Vec<String>> =
        nodes.iter().map(|node| fields.iter().map(|field| text(node, field)).collect()).collect();
    let heads = ["NAME", "ID", "STATE", "LISTENS AT", "VERSION", "RUNS", "HOLDS", "SINCE"];
    Ok(screen.table(&heads, &rows)?)
}
