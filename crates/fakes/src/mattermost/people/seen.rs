//! What users saw on their screens and nobody stored, and what stands registered.

use serde_json::Value;

use crate::mattermost::model::commands::Command;
use crate::mattermost::model::ids::{ChannelId, CommandId, UserId};
use crate::mattermost::model::posts::Post;

/// Something that one user saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A post for their eyes alone.
    Ephemeral(Post),
    /// A dialog opened.
    Dialog(Dialog),
    /// Somebody typed.
    Typing {
        /// Who.
        who: UserId,
        /// Where.
        channel: ChannelId,
        /// In which thread, or empty.
        root: String,
    },
}

/// A dialog on somebody's screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialog {
    /// Where the client will send what is filled in: the client knows it and may change it.
    pub url: String,
    /// What the integration gave along: the client knows it and may change it.
    pub state: String,
    /// What the integration calls the dialog.
    pub callback_id: String,
    /// What it says above.
    pub title: String,
    /// All of it.
    pub raw: Value,
}

impl Dialog {
    pub(crate) fn new(request: &Value) -> Self {
        let text = |pointer: &str| {
            request.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Self {
            url: text("/url"),
            state: text("/dialog/state"),
            callback_id: text("/dialog/callback_id"),
            title: text("/dialog/title"),
            raw: request.clone(),
        }
    }
}

/// A slash command as somebody registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredCommand {
    /// Its id.
    pub id: CommandId,
    /// Who registered it.
    pub creator: UserId,
    /// What people type, without the slash.
    pub trigger: String,
    /// What its invocations carry.
    pub token: String,
    /// Where invocations go.
    pub url: String,
    /// `P` or `G`.
    pub method: String,
    /// Its name in lists.
    pub display_name: String,
    /// Whether it is offered while people type.
    pub auto_complete: bool,
    /// What is shown then.
    pub auto_complete_desc: String,
    /// And what follows the trigger.
    pub auto_complete_hint: String,
}

impl From<&Command> for RegisteredCommand {
    fn from(command: &Command) -> Self {
        Self {
            id: command.id.as_str().into(),
            creator: command.creator_id.as_str().into(),
            trigger: command.trigger.clone(),
            token: command.token.clone(),
            url: command.url.clone(),
            method: command.method.clone(),
            display_name: command.display_name.clone(),
            auto_complete: command.auto_complete,
            auto_complete_desc: command.auto_complete_desc.clone(),
            auto_complete_hint: command.auto_complete_hint.clone(),
        }
    }
}
