//! `approvals`: lists, shows and decides what waits for a person.

use clap::{Args, Subcommand};
use countersign_domain::ids::ApprovalId;
use serde_json::{Value, json};

use super::{Global, JsonFlag, edit_draft, watch};
use crate::approval::Approval;
use crate::client::{Client, ClientError, ConnectArgs, Refusal};
use crate::failure::{Answer, Failure, Outcome};
use crate::output::{Screen, Tone};

/// List, show and decide approvals.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign approvals watch
  countersign approvals approve appr_0196… --session
  countersign approvals edit appr_0196…
  countersign approvals deny appr_0196… --reason 'not on a Friday'")]
pub(crate) struct ApprovalsArgs {
    #[command(subcommand)]
    command: ApprovalsCommand,
}

#[derive(Debug, Subcommand)]
enum ApprovalsCommand {
    /// List approvals, newest first
    #[command(after_help = "Example:\n  countersign approvals list --status pending --json")]
    List {
        /// Only those in this state: `pending`, `approved`, `denied`, `expired`, …
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// Only those of this session
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// Only those of this run
        #[arg(long, value_name = "ID")]
        run: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show one approval: what, why, where, who asks, what each choice would cover
    #[command(after_help = "Example:\n  countersign approvals show appr_0196…")]
    Show {
        /// The approval
        id: String,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Print the receipt of a decision: a file that proves it offline
    #[command(after_help = "Examples:
  countersign approvals receipt appr_0196… > receipt.json
  countersign audit verify-receipt receipt.json")]
    Receipt {
        /// The approval
        id: String,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Watch approvals come in, and decide them by typing
    #[command(after_help = "Example:\n  countersign approvals watch")]
    Watch {
        /// One JSON object a line; nothing is read from standard input
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Approve this action, once unless said otherwise
    #[command(after_help = "Examples:
  countersign approvals approve appr_0196…
  countersign approvals approve appr_0196… --always --reason 'our own site'")]
    Approve(ApproveArgs),
    /// Change the content of a message or request before it is decided
    #[command(after_help = "Examples:
  countersign approvals edit appr_0196…
  countersign approvals edit appr_0196… --content reply.txt")]
    Edit(edit_draft::EditArgs),
    /// Deny this action
    #[command(
        after_help = "Example:\n  countersign approvals deny appr_0196… --reason 'use a branch'"
    )]
    Deny {
        /// The approval
        id: String,
        /// Why, at most 280 characters; the agent sees it
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

#[derive(Debug, Args)]
struct ApproveArgs {
    /// The approval
    id: String,
    /// And later actions like it in this session
    #[arg(long, conflicts_with = "always")]
    session: bool,
    /// And later actions like it from now on
    #[arg(long)]
    always: bool,
    /// Why, at most 280 characters
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// An answer to an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vote {
    /// `once`, `session`, `always` or `deny`.
    pub(crate) choice: &'static str,
    /// Why.
    pub(crate) reason: Option<String>,
}

/// Does what is asked with approvals.
pub(crate) async fn run(args: ApprovalsArgs, global: &Global) -> Outcome {
    match args.command {
        ApprovalsCommand::List { status, session, run, limit, json, connect } => {
            let filters = [("status", status), ("session_id", session), ("run_id", run)];
            list(&connect.client(global)?, &filters, limit, json).await
        }
        ApprovalsCommand::Show { id, json, connect } => {
            show(&connect.client(global)?, &id, json).await
        }
        ApprovalsCommand::Receipt { id, connect } => {
            let id: ApprovalId = id.parse().map_err(Failure::usage)?;
            let path = format!("/v1/approvals/{id}/receipt");
            let receipt: Value = connect.client(global)?.get(&path).await?;
            Screen::detect().json(&receipt)?;
            Ok(Answer::Yes)
        }
        ApprovalsCommand::Watch { json, connect } => {
            watch::run(&connect.client(global)?, json).await
        }
        ApprovalsCommand::Approve(args) => {
            let choice = match (args.session, args.always) {
                (true, _) => "session",
                (_, true) => "always",
                (false, false) => "once",
            };
            let vote = Vote { choice, reason: args.reason };
            vote_and_tell(&args.connect.client(global)?, &args.id, &vote, args.json).await
        }
        ApprovalsCommand::Edit(args) => edit_draft::run(args, global).await,
        ApprovalsCommand::Deny { id, reason, json, connect } => {
            let vote = Vote { choice: "deny", reason };
            vote_and_tell(&connect.client(global)?, &id, &vote, json).await
        }
    }
}

async fn list(
    client: &Client,
    filters: &[(&str, Option<String>)],
    limit: u32,
    json: JsonFlag,
) -> Outcome {
    let screen = Screen::detect();
    let page: Value = client.get(&with_query("/v1/approvals", filters, limit)).await?;
    if json.json {
        screen.json(&page)?;
        return Ok(Answer::Yes);
    }
    let approvals: Vec<Approval> = read_data(&page)?;
    if approvals.is_empty() {
        screen.line("nothing here")?;
        return Ok(Answer::Yes);
    }
    let rows: Vec<Vec<String>> = approvals
        .iter()
        .map(|approval| {
            vec![
                approval.id.clone(),
                approval.state(),
                approval.kind.clone(),
                approval.summary(60),
                approval.requested_by.clone(),
            ]
        })
        .collect();
    screen.table(&["ID", "STATE", "KIND", "WHAT", "ASKED BY"], &rows)?;
    if page.get("next_cursor").is_some_and(|next| !next.is_null()) {
        screen.line("… and older ones; --json shows `next_cursor`, --limit takes up to 100")?;
    }
    Ok(Answer::Yes)
}

async fn show(client: &Client, id: &str, json: JsonFlag) -> Outcome {
    let screen = Screen::detect();
    if json.json {
        screen.json(&client.get::<Value>(&path(id)?).await?)?;
        return Ok(Answer::Yes);
    }
    for line in fetch(client, id).await?.card(screen) {
        screen.line(line)?;
    }
    Ok(Answer::Yes)
}

async fn vote_and_tell(client: &Client, id: &str, vote: &Vote, json: JsonFlag) -> Outcome {
    let screen = Screen::detect();
    let approval = fetch(client, id).await?;
    if !json.json {
        for line in approval.card(screen) {
            screen.line(line)?;
        }
        screen.line("")?;
    }
    match decide(client, &approval, vote).await? {
        Decided::Done(answer) if json.json => screen.json(&answer)?,
        Decided::Done(answer) => {
            let said = match (still_pending(&answer), vote.choice) {
                (Some(now), _) => {
                    format!("{} {id}: {}", screen.tone(Tone::Warn, "voted"), now.state())
                }
                (None, "deny") => format!("{} {id}", screen.tone(Tone::Bad, "denied")),
                (None, choice) => {
                    let word = format!("approved ({choice})");
                    format!("{} {id}", screen.tone(Tone::Good, &word))
                }
            };
            screen.line(said)?;
        }
        Decided::Already(now) => {
            if json.json {
                screen.json(&now)?;
            }
            return Err(Failure::Refused(format!("{id} is already {}", now.state())));
        }
    }
    Ok(Answer::Yes)
}

/// The approval in the answer to a vote, if more votes are needed.
pub(crate) fn still_pending(answer: &Value) -> Option<Approval> {
    let approval = answer.get("approval")?.clone();
    serde_json::from_value(approval).ok().filter(Approval::is_pending)
}

/// What an attempt to decide comes to.
pub(crate) enum Decided {
    /// The gateway has stored it.
    Done(Value),
    /// It was decided before, or has ended otherwise.
    Already(Box<Approval>),
}

/// Decides the approval as it was shown, or says who was quicker.
pub(crate) async fn decide(
    client: &Client,
    shown: &Approval,
    vote: &Vote,
) -> Result<Decided, ClientError> {
    let mut body = json!({
        "choice": vote.choice,
        "digest": shown.digest,
        "count": shown.attention.count,
    });
    if let (Some(reason), Some(body)) = (&vote.reason, body.as_object_mut()) {
        body.insert("reason".to_owned(), reason.as_str().into());
    }
    let id = &shown.id;
    match client.post(&format!("/v1/approvals/{id}/resolve"), &body).await {
        Ok(answer) => Ok(Decided::Done(answer)),
        Err(ClientError::Refused(Refusal { code, .. }))
            if code == "already_resolved" || code == "expired" =>
        {
            let now = client.get(&format!("/v1/approvals/{id}")).await?;
            Ok(Decided::Already(Box::new(now)))
        }
        Err(error) => Err(error),
    }
}

pub(crate) async fn fetch(client: &Client, id: &str) -> Result<Approval, Failure> {
    Ok(client.get(&path(id)?).await?)
}

fn path(id: &str) -> Result<String, Failure> {
    let known: countersign_domain::ids::ApprovalId = id.parse().map_err(Failure::usage)?;
    Ok(format!("/v1/approvals/{known}"))
}

/// `path` with the filters that are given.
pub(crate) fn with_query(path: &str, filters: &[(&str, Option<String>)], limit: u32) -> String {
    let mut query = format!("{path}?limit={limit}");
    for (name, value) in filters {
        if let Some(value) = value {
            query.extend(["&", name, "=", &escaped(value)]);
        }
    }
    query
}

/// Percent-encodes all but letters, digits, `-`, `_` and `.`.
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The items of a list that the API answers.
pub(crate) fn read_data<T: serde::de::DeserializeOwned>(page: &Value) -> Result<Vec<T>, Failure> {
    let data = page.get("data").cloned().unwrap_or_default();
    serde_json::from_value(data)
        .map_err(|error| Failure::Refused(format!("an answer that cannot be read: {error}")))
}
