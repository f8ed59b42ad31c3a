//! `runs`: starts, lists, shows, follows and stops runs.

use clap::{Args, Subcommand};
use countersign_domain::ids::RunId;
use serde_json::{Value, json};

use super::approvals::{read_data, with_query};
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::{Client, ConnectArgs, RECONNECTED};
use crate::failure::{Answer, Failure, Outcome};
use crate::output::{Screen, inert, inert_line};

/// Start, list, show, follow and stop runs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign runs list --status waiting_for_approval
  countersign runs stop run_0196…")]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// List runs, newest first
    #[command(after_help = "Example:\n  countersign runs list --status running --json")]
    List {
        /// Only those in this state
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// Only those of this session
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show one run
    #[command(after_help = "Example:\n  countersign runs show run_0196…")]
    Show(OneRun),
    /// Stop a run; its pending approvals are cancelled
    #[command(after_help = "Example:\n  countersign runs stop run_0196…")]
    Stop(OneRun),
    /// Print the events of a run, one JSON object a line, until it ends
    #[command(after_help = "Example:\n  countersign runs events run_0196…")]
    Events(OneRun),
    /// Answer the agent's question
    #[command(after_help = "Example:\n  countersign runs answer run_0196… 'the one in /srv'")]
    Answer {
        /// The run
        id: String,
        /// The answer
        text: String,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Start a run
    #[command(after_help = "Example:\n  countersign runs start 'run ls' --wait")]
    Start {
        /// What the agent is told
        text: String,
        /// The session to go on in
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// Wait for its end, print the output; exit code 1 unless it completed
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

#[derive(Debug, Args)]
struct OneRun {
    /// The run
    id: String,
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Does what is asked with runs.
pub(crate) async fn run(args: RunsArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        RunsCommand::List { status, session, limit, json, connect } => {
            let filters = [("status", status), ("session_id", session)];
            let path = with_query("/v1/runs", &filters, limit);
            let page: Value = connect.client(global)?.get(&path).await?;
            list(screen, &page, json)
        }
        RunsCommand::Show(one) => {
            let run: Value = one.connect.client(global)?.get(&path(&one.id)?).await?;
            show(screen, &run, one.json)
        }
        RunsCommand::Stop(one) => {
            let path = format!("{}/stop", path(&one.id)?);
            let client = one.connect.client(global)?;
            let run: Value = client.post(&path, &json!({})).await?;
            if one.json.json {
                screen.json(&run)?;
            } else {
                screen.line(format!("{} {}", inert_line(&one.id, 80), text(&run, "status")))?;
            }
            Ok(Answer::Yes)
        }
        RunsCommand::Events(one) => events(screen, &one.connect.client(global)?, &one.id).await,
        RunsCommand::Answer { id, text, connect } => {
            let path = format!("{}/answer", path(&id)?);
            let _: Value = connect.client(global)?.post(&path, &json!({"text": text})).await?;
            Ok(Answer::Yes)
        }
        RunsCommand::Start { text, session, wait, json, connect } => {
            let client = connect.client(global)?;
            let started = start(&client, &text, session.as_deref()).await?;
            if wait {
                return until_end(screen, &client, &started, json).await;
            }
            if json.json {
                screen.json(&started)?;
            } else {
                screen.line(run_id(&started)?)?;
            }
            Ok(Answer::Yes)
        }
    }
}

/// Starts a run; the gateway's answer.
pub(super) async fn start(
    client: &Client,
    text: &str,
    session: Option<&str>,
) -> Result<Value, Failure> {
    let mut body = json!({"input": text});
    if let (Some(session), Some(body)) = (session, body.as_object_mut()) {
        body.insert("session_id".to_owned(), session.into());
    }
    Ok(client.post_once("/v1/runs", &body).await?)
}

/// The id in the answer to a start.
pub(super) fn run_id(started: &Value) -> Result<String, Failure> {
    let id = started.get("run_id").and_then(Value::as_str);
    id.map(inert).ok_or_else(|| Failure::refused("the gateway names no run"))
}

/// Whether a run's stream ends with this event.
pub(super) fn is_final(event: &str) -> bool {
    matches!(event, "run.completed" | "run.failed" | "run.cancelled")
}

fn path(id: &str) -> Result<String, Failure> {
    let known: RunId = id.parse().map_err(Failure::usage)?;
    Ok(format!("/v1/runs/{known}"))
}

async fn until_end(screen: Screen, client: &Client, started: &Value, json: JsonFlag) -> Outcome {
    let path = path(&run_id(started)?)?;
    let mut events = client.events(&format!("{path}/events"));
    while !is_final(&events.next().await?.name) {}
    let run: Value = client.get(&path).await?;
    if json.json {
        screen.json(&run)?;
    } else {
        screen.line(inert(&outcome(&run)))?;
    }
    match run.get("status").and_then(Value::as_str) {
        Some("completed") => Ok(Answer::Yes),
        Some(_) | None => Ok(Answer::No),
    }
}

async fn events(screen: Screen, client: &Client, id: &str) -> Outcome {
    let mut events = client.events(&format!("{}/events", path(id)?));
    loop {
        let record = events.next().await?;
        if record.name == RECONNECTED {
            continue;
        }
        screen.json_line(&record.data)?;
        if is_final(&record.name) {
            return Ok(Answer::Yes);
        }
    }
}

fn list(screen: Screen, page: &Value, json: JsonFlag) -> Outcome {
    if json.json {
        screen.json(page)?;
        return Ok(Answer::Yes);
    }
    let runs: Vec<Value> = read_data(page)?;
    if runs.is_empty() {
        screen.line("nothing here")?;
        return Ok(Answer::Yes);
    }
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            ["run_id", "status", "session_id", "created_at", "requested_by"]
                .iter()
                .map(|name| text(run, name))
                .collect()
        })
        .collect();
    screen.table(&["ID", "STATUS", "SESSION", "CREATED", "BY"], &rows)?;
    Ok(Answer::Yes)
}

fn show(screen: Screen, run: &Value, json: JsonFlag) -> Outcome {
    if json.json {
        screen.json(run)?;
        return Ok(Answer::Yes);
    }
    for name in [
        "run_id",
        "session_id",
        "status",
        "created_at",
        "updated_at",
        "last_event",
        "pending_approvals",
    ] {
        screen.line(format!("{name:18} {}", inert_line(&text(run, name), 400)))?;
    }
    for model in run.get("models").and_then(Value::as_array).into_iter().flatten() {
        screen.line(format!("{:18} {}", "used", inert_line(&used(model), 400)))?;
    }
    if run.get("cost_usd").is_some() {
        screen.line(format!("{:18} ${}", "cost", inert_line(&text(run, "cost_usd"), 80)))?;
    }
    let outcome = outcome(run);
    if !outcome.is_empty() {
        screen.line(format!("\n{}", inert(&outcome)))?;
    }
    Ok(Answer::Yes)
}

/// What a run has used of one model.
fn used(model: &Value) -> String {
    let count = |name: &str| model.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (read, written) = (count("input_tokens"), count("output_tokens"));
    let kept = match count("cache_read_tokens") {
        0 => String::new(),
        kept => format!(" ({kept} of them from a cache)"),
    };
    let cost = match model.get("cost_usd") {
        Some(_) => format!(", ${}", text(model, "cost_usd")),
        None => String::new(),
    };
    format!("{}: {read} tokens read{kept}, {written} written{cost}", text(model, "model"))
}

fn outcome(run: &Value) -> String {
    let output = run.get("output").and_then(Value::as_str);
    let error = run.pointer("/error/message").and_then(Value::as_str);
    output.or(error).unwrap_or_default().to_owned()
}
