//! `chats`: the recent chats of the user's account.

use clap::Args;
use serde_json::Value;

use super::approvals::read_data;
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Outcome};
use crate::output::Screen;

/// List the recent chats of your account; nothing that was said, and nothing is sent.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign chats
  countersign chats --all --limit 100 --json")]
pub(crate) struct ChatsArgs {
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// List groups and lists too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Lists the chats.
pub(crate) async fn run(args: ChatsArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    let ChatsArgs { limit, all, json, connect } = args;
    let kinds = if all { "all" } else { "direct" };
    let path = format!("/v1/whatsapp/chats?limit={limit}&kinds={kinds}");
    let page: Value = connect.client(global)?.get(&path).await?;
    if json.json {
        screen.json(&page)?;
        return Ok(Answer::Yes);
    }
    let chats: Vec<Value> = read_data(&page)?;
    let names = ["name", "id", "kind", "last_message_at", "unread"];
    let rows: Vec<Vec<String>> =
        chats.iter().map(|chat| names.iter().map(|name| text(chat, name)).collect()).collect();
    screen.table(&["NAME", "NUMBER", "KIND", "LAST", "UNREAD"], &rows)?;
    if text(&page, "listing") == "seen" {
        screen.line("only chats are known in which something was written to this number")?;
    }
    if text(&page, "sending") == "off" {
        screen.line("sending is off: whatsapp.service_conversations.enabled")?;
    }
    Ok(Answer::Yes)
}
