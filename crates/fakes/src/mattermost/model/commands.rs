//! Slash commands that somebody registered, and the addresses for late answers.

use serde::{Deserialize, Serialize};

use super::ids::{self, ChannelId, CommandId, UserId};

/// A registered command, as it is on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Command {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) create_at: i64,
    pub(crate) update_at: i64,
    pub(crate) delete_at: i64,
    pub(crate) creator_id: String,
    pub(crate) team_id: String,
    pub(crate) trigger: String,
    pub(crate) method: String,
    pub(crate) username: String,
    pub(crate) icon_url: String,
    pub(crate) auto_complete: bool,
    pub(crate) auto_complete_desc: String,
    pub(crate) auto_complete_hint: String,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) url: String,
}

/// Which field of a command is wrong.
pub(crate) type WrongField = &'static str;

impl Command {
    /// The first field that the server does not take.
    pub(crate) fn check(&self) -> Result<(), WrongField> {
        let lengths = |text: &str, most: usize| text.len() <= most;
        if !ids::is_id(&self.team_id) {
            return Err("model.command.is_valid.team_id.app_error");
        }
        if !is_trigger(&self.trigger) {
            return Err("model.command.is_valid.trigger.app_error");
        }
        if self.url.is_empty() || !lengths(&self.url, 1024) {
            return Err("model.command.is_valid.url.app_error");
        }
        if !is_http_url(&self.url) {
            return Err("model.command.is_valid.url_http.app_error");
        }
        if !matches!(self.method.as_str(), "P" | "G") {
            return Err("model.command.is_valid.method.app_error");
        }
        if !lengths(&self.display_name, 64) {
            return Err("model.command.is_valid.display_name.app_error");
        }
        if !lengths(&self.description, 128) {
            return Err("model.command.is_valid.description.app_error");
        }
        Ok(())
    }

    /// The command as people who may not manage it see it.
    pub(crate) fn sanitized(&self) -> Self {
        Self {
            token: String::new(),
            creator_id: String::new(),
            method: String::new(),
            url: String::new(),
            username: String::new(),
            icon_url: String::new(),
            ..self.clone()
        }
    }
}

fn is_trigger(trigger: &str) -> bool {
    (1..=128).contains(&trigger.len())
        && !trigger.starts_with('/')
        && trigger
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-'))
}

pub(crate) fn is_http_url(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// Commands that the server has itself, without those that a setting or a plugin adds.
const BUILT_IN: [&str; 32] = [
    "away",
    "code",
    "collapse",
    "dnd",
    "echo",
    "expand",
    "groupmsg",
    "header",
    "help",
    "invite",
    "invite_people",
    "join",
    "kick",
    "leave",
    "logout",
    "marketplace",
    "me",
    "msg",
    "mute",
    "offline",
    "online",
    "open",
    "purpose",
    "remove",
    "rename",
    "search",
    "secure-connection",
    "settings",
    "share-channel",
    "shortcuts",
    "shrug",
    "status",
];

/// Whether the server has this command itself.
pub(crate) fn is_built_in(trigger: &str) -> bool {
    BUILT_IN.contains(&trigger)
}

/// The address for late answers to one invocation.
#[derive(Debug, Clone)]
pub(crate) struct CommandHook {
    pub(crate) command: CommandId,
    pub(crate) user: UserId,
    pub(crate) channel: ChannelId,
    pub(crate) root_id: String,
    pub(crate) create_at: i64,
    pub(crate) uses: u32,
}

/// How long such an address works, in milliseconds.
pub(crate) const HOOK_LIFE: i64 = 30 * 60 * 1000;

/// How often such an address works.
pub(crate) const HOOK_USES: u32 = 5;
