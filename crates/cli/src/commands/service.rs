//! `service`: conversations with providers.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::approvals::{escaped, read_data};
use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::Screen;

/// Talk to providers in your name: list, read, start, approve, pause, revoke.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign service list
  countersign service start '+34 600 111 222' 'Hello, my line is down.'
  countersign service approve Movistar
  countersign service mode Movistar autonomous
  countersign service revoke +34600111222")]
pub(crate) struct ServiceArgs {
    #[command(subcommand)]
    command: ServiceCommand,
}

#[derive(Debug, Subcommand)]
enum ServiceCommand {
    /// List the service chats, and how much of the limits is used
    #[command(after_help = "Example:\n  countersign service list --json")]
    List {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Read a thread: who said what, and under which approval
    #[command(after_help = "Example:\n  countersign service show Movistar")]
    Show {
        #[command(flatten)]
        chat: Chat,
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Have a message drafted, the first one or a further one; an approval shows it
    #[command(after_help = "Example:
  countersign service start Movistar 'Hello, my line is down.' --purpose 'the line is down'")]
    Start {
        #[command(flatten)]
        chat: Chat,
        /// The whole text
        message: String,
        /// What the conversation is for
        #[arg(long)]
        purpose: Option<String>,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Approve a chat anew after it was revoked; a first message is approved on its card
    #[command(after_help = "Example:\n  countersign service approve Movistar")]
    Approve(Changing),
    /// Send nothing for now; what comes is kept for you to read
    #[command(after_help = "Example:\n  countersign service pause Movistar")]
    Pause(Changing),
    /// Go on after a pause, in the mode before it
    #[command(after_help = "Example:\n  countersign service resume Movistar")]
    Resume(Changing),
    /// Give a chat another mode
    #[command(after_help = "Example:\n  countersign service mode Movistar autonomous")]
    Mode {
        #[command(flatten)]
        chat: Chat,
        /// The mode
        mode: Mode,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// End a chat at once, with all its drafts
    #[command(after_help = "Example:\n  countersign service revoke Movistar")]
    Revoke(Changing),
}

#[derive(Debug, Args)]
struct Chat {
    /// A phone number with its country code, a JID, or a name
    chat: String,
}

#[derive(Debug, Args)]
struct Changing {
    #[command(flatten)]
    chat: Chat,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Mode {
    DraftFirst,
    Autonomous,
    Paused,
}

/// Does what is asked with service chats.
pub(crate) async fn run(args: ServiceArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        ServiceCommand::List { json, connect } => {
            let page: Value = connect.client(global)?.get("/v1/whatsapp/service-chats").await?;
            if json.json { screen.json(&page)? } else { list(screen, &page)? }
        }
        ServiceCommand::Show { chat, json, connect } => {
            let thread: Value = connect.client(global)?.get(&chat.path("")).await?;
            if json.json { screen.json(&thread)? } else { show(screen, &thread)? }
        }
        ServiceCommand::Start { chat, message, purpose, connect } => {
            let body = json!({"target": chat.chat, "message": message, "purpose": purpose});
            let client = connect.client(global)?;
            let run: Value = client.post("/v1/whatsapp/service-chats", &body).await?;
            screen.line(format!("drafted by {}", text(&run, "run_id")))?;
        }
        ServiceCommand::Approve(args) => args.change(screen, global, "approve").await?,
        ServiceCommand::Pause(args) => args.change(screen, global, "pause").await?,
        ServiceCommand::Resume(args) => args.change(screen, global, "resume").await?,
        ServiceCommand::Revoke(args) => args.change(screen, global, "revoke").await?,
        ServiceCommand::Mode { chat, mode, connect } => {
            let word = match mode {
                Mode::DraftFirst => "draft_first",
                Mode::Autonomous => "autonomous",
                Mode::Paused => "pause",
            };
            Changing { chat, connect }.change(screen, global, word).await?;
        }
    }
    Ok(Answer::Yes)
}

impl Chat {
    /// The chat's path in the API; whatever stands in its name is one part of it.
    fn path(&self, rest: &str) -> String {
        format!("/v1/whatsapp/service-chats/{}{rest}", escaped(&self.chat))
    }
}

impl Changing {
    async fn change(self, screen: Screen, global: &Global, word: &str) -> Result<(), Failure> {
        let body = json!({"change": word});
        let client = self.connect.client(global)?;
        let chat: Value = client.post(&self.chat.path("/change"), &body).await?;
        let (id, status, mode) =
            (text(&chat, "chat_id"), text(&chat, "status"), text(&chat, "mode"));
        Ok(screen.line(format!("{id} is {status} (mode: {mode})"))?)
    }
}

fn list(screen: Screen, page: &Value) -> Result<(), Failure> {
    let chats: Vec<Value> = read_data(page)?;
    let names = ["name", "chat_id", "status", "mode", "sent_this_hour", "heard_at", "updated_at"];
    let rows: Vec<Vec<String>> =
        chats.iter().map(|chat| names.iter().map(|name| text(chat, name)).collect()).collect();
    let heads = ["NAME", "CHAT", "STATUS", "MODE", "SENT BY ITSELF", "HEARD", "CHANGED"];
    screen.table(&heads, &rows)?;
    let limits = page.get("limits").cloned().unwrap_or_default();
    let (begun, most) =
        (text(&limits, "begun_within_24h"), text(&limits, "max_new_service_chats_per_day"));
    let enabled = text(&limits, "enabled");
    Ok(screen.line(format!(
        "service conversations are {enabled}; begun within 24 h: {begun} of {most}"
    ))?)
}

fn show(screen: Screen, thread: &Value) -> Result<(), Failure> {
    let chat = thread.get("chat").cloned().unwrap_or_default();
    let facts = ["chat_id", "name", "status", "mode", "purpose", "session_id"];
    for fact in facts {
        screen.line(format!("{fact}: {}", text(&chat, fact)))?;
    }
    let messages = thread.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    let names = ["at", "who", "outcome", "approval_id", "text"];
    let rows: Vec<Vec<String>> = messages
        .iter()
        .rev()
        .map(|message| names.iter().map(|name| text(message, name)).collect())
        .collect();
    Ok(screen.table(&["AT", "WHO", "OUTCOME", "APPROVAL", "TEXT"], &rows)?)
}
