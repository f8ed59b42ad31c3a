//! Tools of the guard and of agents that are called.

use super::Owner;
use super::neutralising::neutralises;
use crate::interpret::Machine;

impl Machine<'_> {
    /// A tool of the guard or of an agent is called.
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(crate) fn own_cli(&mut self, owner: Owner, words: &[String]) {
        let text = words.join(" ");
        let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let has = |list: &[&str]| rest.iter().any(|word| list.contains(word));
        if self.bypasses(&text) {
            let kind = if owner == Owner::Agent { "agent.bypass" } else { "guard.off" };
            return self.effect(kind, text);
        }
        let reads = [
            "list", "ls", "show", "status", "get", "logs", "log", "version", "info", "doctor",
            "check", "help", "describe", "view", "tail", "history", "path", "validate",
        ];
        let asks_help = has(&["--help", "-h", "--version", "-V"]);
        let first_changing = rest.iter().any(|w| {
            [
                "stop",
                "disable",
                "uninstall",
                "kill",
                "off",
                "pause",
                "suspend",
                "shutdown",
                "quit",
                "unload",
                "remove",
                "purge",
                "halt",
                "bypass",
                "unprotect",
                "teardown",
            ]
            .contains(w)
        });
        let kind = match owner {
            _ if asks_help || rest.is_empty() && owner == Owner::Agent => return,
            Owner::Guard | Owner::OtherGuard if first_changing || neutralises(&text) => "guard.off",
            Owner::Guard | Owner::OtherGuard
                if has(&["restart", "reload", "start", "upgrade", "update"]) =>
            {
                "guard.restart"
            }
            Owner::Guard | Owner::OtherGuard
                if has(&["approve", "allow", "answer", "resolve", "grant", "deny", "accept"]) =>
            {
                "guard.answer"
            }
            Owner::Guard | Owner::OtherGuard if rest.is_empty() || has(&reads) => return,
            Owner::Guard | Owner::OtherGuard => "guard.edit",
            Owner::Agent if neutralises(&text) && has(&["set", "config"]) => "agent.bypass",
            Owner::Agent
                if has(&[
                    "gateway",
                    "config",
                    "install",
                    "uninstall",
                    "add",
                    "remove",
                    "restart",
                    "stop",
                    "start",
                    "enable",
                    "disable",
                    "update",
                    "upgrade",
                    "set",
                    "skills",
                    "plugin",
                    "plugins",
                    "mcp",
                    "login",
                    "logout",
                    "cron",
                    "approve",
                    "allow",
                    "pairing",
                    "reset",
                    "daemon",
                    "onboard",
                    "configure",
                    "setup",
                ]) && !has(&reads) =>
            {
                "agent.edit"
            }
            Owner::Agent => return,
        };
        self.effect(kind, text);
    }

    /// Whether a text turns the approvals of an agent off.
    pub(crate) fn bypasses(&self, text: &str) -> bool {
        let words: Vec<&str> = text.split([' ', '=']).collect();
        self.belongings().any(|(_, own)| {
            own.bypass.iter().any(|switch| {
                let parts: Vec<&str> = switch.split(' ').collect();
                words.windows(parts.len()).any(|window| window == parts.as_slice())
            })
        })
    }
}
