//! `sessions`: conversations, and what was said in them.

use clap::{Args, Subcommand};
use countersign_domain::ids::SessionId;
use serde_json::{Value, json};

use super::approvals::{read_data, with_query};
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::{Screen, Tone, inert, inert_line};

/// The longest name of a session in the list, in characters.
const LONGEST_TITLE: usize = 80;

/// Show conversations and what was said in them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign sessions list
  countersign sessions show sess_0196…")]
pub(crate) struct SessionsArgs {
    #[command(subcommand)]
    command: SessionsCommand,
}

#[derive(Debug, Subcommand)]
enum SessionsCommand {
    /// List sessions, newest first
    #[command(after_help = "Example:\n  countersign sessions list --limit 100 --json")]
    List {
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show one session and what was said in it last
    #[command(after_help = "Example:\n  countersign sessions show sess_0196… --runs 100")]
    Show {
        /// The session
        id: String,
        /// What was said in its last so many runs
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        runs: u32,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Does what is asked with sessions.
pub(crate) async fn run(args: SessionsArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        SessionsCommand::List { limit, json, connect } => {
            let path = with_query("/v1/sessions", &[], limit);
            let page: Value = connect.client(global)?.get(&path).await?;
            if json.json {
                screen.json(&page)?;
            } else {
                list(screen, &page)?;
            }
        }
        SessionsCommand::Show { id, runs, json, connect } => {
            let id: SessionId = id.parse().map_err(Failure::usage)?;
            let client = connect.client(global)?;
            let session: Value = client.get(&format!("/v1/sessions/{id}")).await?;
            let path = with_query(&format!("/v1/sessions/{id}/messages"), &[], runs);
            let page: Value = client.get(&path).await?;
            if json.json {
                screen.json(&json!({"session": session, "messages": page}))?;
            } else {
                show(screen, &session, &page)?;
            }
        }
    }
    Ok(Answer::Yes)
}

fn list(screen: Screen, page: &Value) -> Result<(), Failure> {
    let sessions: Vec<Value> = read_data(page)?;
    if sessions.is_empty() {
        return Ok(screen.line("nothing here")?);
    }
    let row = |session: &Value| {
        let title = inert_line(&text(session, "title"), LONGEST_TITLE);
        vec![
            text(session, "session_id"),
            text(session, "created_at"),
            text(session, "created_by"),
            title,
        ]
    };
    let rows: Vec<Vec<String>> = sessions.iter().map(row).collect();
    screen.table(&["ID", "BEGUN", "BY", "NAME"], &rows)?;
    Ok(())
}

fn show(screen: Screen, session: &Value, page: &Value) -> Result<(), Failure> {
    for name in ["session_id", "title", "created_at", "created_by"] {
        screen.line(format!("{name:12} {}", inert_line(&text(session, name), 400)))?;
    }
    if page.get("next_cursor").is_some_and(|cursor| !cursor.is_null()) {
        let more = "what was said before is left out; --runs 100 shows more";
        screen.line(format!("\n{}", screen.tone(Tone::Dim, more)))?;
    }
    for message in read_data::<Value>(page)? {
        said(screen, &message)?;
    }
    Ok(())
}

fn said(screen: Screen, message: &Value) -> Result<(), Failure> {
    let (role, at) = (text(message, "role"), text(message, "at"));
    let head = format!("{} {}", inert_line(&role, 40), inert_line(&at, 40));
    screen.line(format!("\n{}", screen.tone(Tone::Strong, &head)))?;
    let content = message.get("content").and_then(Value::as_str).unwrap_or_default();
    if !content.is_empty() {
        screen.line(inert(content))?;
    }
    let calls = message.get("calls").and_then(Value::as_array);
    for call in calls.into_iter().flatten() {
        let (tool, status) = (text(call, "tool"), text(call, "status"));
        let output = call.get("output").and_then(Value::as_str).unwrap_or_default();
        let line = format!("  {tool}: {status}  {output}");
        screen.line(screen.tone(Tone::Dim, &inert_line(&line, 200)))?;
    }
    Ok(())
}
