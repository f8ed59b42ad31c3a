//! What somebody is told who may not run a command.

use std::fmt;

use crate::chat::ChatScope;
use crate::commands::CommandName;

/// How many commands a refusal lists.
const LISTED: usize = 12;

/// Somebody may not run a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub name: CommandName,
    /// Where.
    pub scope: ChatScope,
    /// What they can run besides `/help`, `/whoami` and `/status`.
    pub can_run: Vec<CommandName>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "⛔ /{} is admin-only here. ", self.name)?;
        if self.can_run.is_empty() {
            let (admins, commands) = match self.scope {
                ChatScope::Dm => ("allow_admin_from", "user_allowed_commands"),
                ChatScope::Group => ("group_allow_admin_from", "group_user_allowed_commands"),
            };
            return write!(
                f,
                "No commands are enabled for you here; an admin would set `{admins}` or \
                 `{commands}`."
            );
        }
        let names = self.can_run.iter().take(LISTED).map(|name| format!("/{name}"));
        let names: Vec<String> = names.collect();
        let more = if self.can_run.len() > LISTED { ", …" } else { "" };
        write!(f, "You can run: {}{more}. See /whoami.", names.join(", "))
    }
}
