//! `approvals edit`: changes the content of a pending approval.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};

use super::approvals::fetch;
use super::{Global, JsonFlag};
use crate::approval::Approval;
use crate::client::{Client, ConnectArgs};
use crate::failure::{Answer, Failure, Outcome};
use crate::output::{Screen, Tone};

/// The editor where neither `VISUAL` nor `EDITOR` names one.
const EDITOR: &str = "vi";

#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// The approval
    id: String,
    /// Take the new content from this file, `-` for standard input, instead of opening
    /// $VISUAL or $EDITOR
    #[arg(long, value_name = "FILE|-")]
    content: Option<PathBuf>,
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn run(args: EditArgs, global: &Global) -> Outcome {
    let EditArgs { id, content, json, connect } = args;
    let client = connect.client(global)?;
    let approval = fetch(&client, &id).await?;
    let new = match content {
        Some(path) => given(&path)?,
        None => edited(&approval).await?,
    };
    let screen = Screen::detect();
    if approval.draft.as_deref() == Some(new.as_str()) {
        screen.line(format!("{id} is unchanged"))?;
        return Ok(Answer::Yes);
    }
    send(&client, screen, &approval, &new, json).await
}

async fn send(
    client: &Client,
    screen: Screen,
    shown: &Approval,
    new: &str,
    json: JsonFlag,
) -> Outcome {
    let id = &shown.id;
    let body = json!({"content": new, "digest": shown.digest});
    let answer: Value = client.post(&format!("/v1/approvals/{id}/edit"), &body).await?;
    if json.json {
        screen.json(&answer)?;
        return Ok(Answer::Yes);
    }
    let approval = answer.get("approval").cloned().unwrap_or_default();
    let approval: Approval = serde_json::from_value(approval)
        .map_err(|error| Failure::Refused(format!("an answer that cannot be read: {error}")))?;
    for line in approval.card(screen) {
        screen.line(line)?;
    }
    screen.line("")?;
    screen.line(format!("{} {id}; it waits for a decision", screen.tone(Tone::Good, "edited")))?;
    Ok(Answer::Yes)
}

fn given(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    Ok(text)
}

/// What the person makes of the content in an editor of their own.
async fn edited(approval: &Approval) -> Result<String, Failure> {
    let Some(draft) = approval.draft.clone() else {
        let why = if approval.is_pending() {
            "has no content that can be edited here; --content replaces content with secrets in it"
        } else {
            "is no longer pending"
        };
        return Err(Failure::Refused(format!("{} {why}", approval.id)));
    };
    let editing = tokio::task::spawn_blocking(move || edit_in_file(&draft));
    editing.await.map_err(Failure::refused)?
}

fn edit_in_file(draft: &str) -> Result<String, Failure> {
    // Only the user can read a file that is made so.
    let mut file = tempfile::Builder::new()
        .prefix("countersign-")
        .suffix(".txt")
        .tempfile()
        .map_err(Failure::refused)?;
    file.write_all(draft.as_bytes()).and_then(|()| file.flush()).map_err(Failure::refused)?;
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
    let editor = named.filter(|editor| !editor.trim().is_empty());
    let editor = editor.unwrap_or_else(|| EDITOR.to_owned());
    // Editors are named with their options, as a shell would read them.
    let status = Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file.path())
        .status()
        .map_err(|error| Failure::Refused(format!("`{editor}` could not be started: {error}")))?;
    if !status.success() {
        return Err(Failure::Refused(format!(
            "`{editor}` ended with {status}; nothing was changed"
        )));
    }
    std::fs::read_to_string(file.path()).map_err(Failure::refused)
}
