//! What belongs to the guard and to the agents.

use super::deletes::simple_glob;
use super::paths::{WriteMode, base_name, is_within, normal};
use crate::interpret::Machine;
use crate::self_description::Belongings;

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Guard,
    OtherGuard,
    Agent,
}

/// The paths that one program owns, made absolute.
pub(crate) struct OwnPlaces {
    policy: Vec<String>,
    /// Each with whether it is a directory.
    paths: Vec<(String, bool)>,
}

/// Words that, written into a policy or given to a tool of the guard, take its teeth out.
const NEUTRALISING: &[&str] = &[
    "allow-all",
    "allow_all",
    "allowall",
    "\"off\"",
    "'off'",
    "=off",
    "= off",
    ": off",
    " off",
    "/off",
    "disable",
    "bypass",
    "yolo",
    "enabled = false",
    "enabled: false",
    "enabled=false",
    "=false",
    "enforcement false",
    "never_ask",
    "never-ask",
    "mode: allow",
    "mode = \"allow\"",
    "mode=allow",
    "auto-approve",
    "auto_approve",
    "approve-all",
    "approve_all",
    "\"*\"",
    "'*'",
    "permissive",
    "ask=never",
    "default: allow",
    "default = \"allow\"",
    "default=allow",
    "enforce = false",
    "enforce: false",
    "enforce=false",
    "unrestricted",
    "default allow",
    "mode allow",
    "ask/allow",
    "deny/allow",
    "forbid/allow",
    "ask/off",
    "/deny",
    "/forbid",
];

/// Whether a text contains a setting that takes the guard's teeth out.
pub(crate) fn neutralises(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    NEUTRALISING.iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| {
            let behind = lower.get(at + word.len()..).and_then(|rest| rest.bytes().next());
            !behind.is_some_and(|b| b.is_ascii_alphanumeric() && !word.ends_with("able"))
        })
    })
}

impl Machine<'_> {
    fn belongings(&self) -> impl Iterator<Item = (Owner, &Belongings)> {
        let own = &self.policy.belongings;
        [(Owner::Guard, &own.guard), (Owner::OtherGuard, &own.other_guards)]
            .into_iter()
            .chain(own.agents.values().map(|agent| (Owner::Agent, agent)))
    }

    /// Whose process, tool, unit or container has this name.
    pub(crate) fn owner_of_name(&self, name: &str) -> Option<Owner> {
        let bare = name.strip_suffix(".service").unwrap_or(name);
        self.belongings()
            .find(|(_, own)| {
                [&own.process_names, &own.cli, &own.units, &own.containers]
                    .iter()
                    .any(|names| names.iter().any(|n| n == name || n == bare))
            })
            .map(|(owner, _)| owner)
    }

    /// Whose process a pattern such as that of `pkill -f` would hit.
    pub(crate) fn owner_of_pattern(&self, pattern: &str) -> Option<Owner> {
        let plain: String = pattern
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .collect();
        if plain.len() < 3 {
            return None;
        }
        let spelled = pattern.replace(['[', ']', '^', '$', '\\'], "");
        self.owner_of_name(pattern).or_else(|| {
            self.belongings()
                .find(|(_, own)| {
                    own.process_names.iter().chain(&own.cli).any(|name| {
                        (plain.len() >= 4 && name.starts_with(&plain))
                            || spelled.contains(name.as_str())
                    })
                })
                .map(|(owner, _)| owner)
        })
    }

    pub(crate) fn is_own_cli(&self, name: &str) -> Option<Owner> {
        self.belongings()
            .find(|(_, own)| own.cli.iter().any(|cli| cli == name))
            .or_else(|| {
                self.belongings().find(|(owner, own)| {
                    *owner != Owner::Agent && own.process_names.iter().any(|p| p == name)
                })
            })
            .map(|(owner, _)| owner)
    }

    pub(crate) fn owner_of_port(&self, port: &str) -> Option<Owner> {
        let port = port.split('/').next()?.parse::<u16>().ok()?;
        self.belongings().find(|(_, own)| own.ports.contains(&port)).map(|(owner, _)| owner)
    }

    /// Whose variable this is.
    pub(crate) fn owner_of_variable(&self, name: &str) -> Option<Owner> {
        self.belongings()
            .find(|(_, own)| {
                own.env_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
                    || own.bypass.iter().any(|switch| switch == name)
            })
            .map(|(owner, _)| owner)
    }

    /// Whose file a resolved path is, and whether it is policy, a program or the whole.
    pub(crate) fn owner_of_path(&self, resolved: &str) -> Option<(Owner, bool)> {
        let places = self.own_places.get_or_init(|| self.own_places());
        let name = base_name(resolved);
        let in_programs = resolved.contains("/bin/");
        let deep = resolved.matches('/').count() >= 3;
        for ((owner, own), own_places) in self.belongings().zip(places) {
            let policy = own_places.policy.iter().any(|path| path == resolved);
            let vital = own_places.paths.iter().any(|(path, directory)| {
                let binary = !directory && path.contains("/bin/");
                resolved == path.trim_end_matches('/') || (binary && is_within(resolved, path))
            });
            let inside = own_places.paths.iter().any(|(path, _)| {
                is_within(resolved, path)
                    && !(owner != Owner::Agent && self.in_workspace_inside(resolved, path))
            });
            let program = owner != Owner::Agent
                && in_programs
                && own.cli.iter().chain(&own.process_names).any(|n| n == name);
            let contains = deep
                && own_places
                    .paths
                    .iter()
                    .any(|(path, directory)| *directory && is_within(path, resolved));
            if policy || vital || inside || program {
                return Some((owner, policy || vital || program));
            }
            if contains && owner == Owner::Guard {
                return None;
            }
        }
        None
    }

    fn own_places(&self) -> Vec<OwnPlaces> {
        self.belongings()
            .map(|(_, own)| OwnPlaces {
                policy: own.policy_files.iter().map(|path| self.expand_home(path)).collect(),
                paths: own
                    .paths
                    .iter()
                    .map(|path| (self.own_path(path), path.ends_with('/')))
                    .collect(),
            })
            .collect()
    }

    /// Whether a path lies in the workspace, and that strictly inside this directory of a guard:
    /// where the product keeps workspaces by default.
    fn in_workspace_inside(&self, resolved: &str, directory: &str) -> bool {
        self.ctx.workspace.as_deref().is_some_and(|workspace| {
            let workspace = normal(workspace);
            workspace != normal(directory)
                && is_within(&workspace, directory)
                && is_within(resolved, &workspace)
        })
    }

    /// Whether a path is the workspace itself, kept in a directory of a guard: the guard's to
    /// remove, though what is in it is not.
    fn is_workspace_of_guard(&self, resolved: &str) -> bool {
        self.ctx.workspace.as_deref().is_some_and(|workspace| normal(workspace) == resolved)
            && self.belongings().filter(|(owner, _)| *owner != Owner::Agent).any(|(_, own)| {
                own.paths
                    .iter()
                    .any(|path| self.in_workspace_inside(resolved, &self.own_path(path)))
            })
    }

    /// A directory is copied with all that is in it: that of a guard in the home, perhaps.
    pub(crate) fn copy_tree(&mut self, path: &str) {
        let resolved = self.resolve(path);
        let holds = self.policy.belongings.guard.paths.iter().any(|own| {
            let own = self.expand_home(own);
            is_within(&own, &self.ctx.home) && is_within(own.trim_end_matches('/'), &resolved)
        });
        if holds {
            self.effect("guard.read", resolved);
        }
    }

    /// The content of something that belongs to a guard is read; true when it was. Its programs
    /// are no secret.
    pub(crate) fn read_own(&mut self, path: &str) -> bool {
        if path.is_empty() {
            return false;
        }
        let resolved = self.resolve(path);
        let owned = !resolved.contains("/bin/")
            && !self.is_policy_text(&resolved)
            && matches!(self.owner_of_path(&resolved), Some((Owner::Guard | Owner::OtherGuard, _)));
        let read = owned || self.glob_reaches_guard(&resolved);
        if read {
            self.effect("guard.read", resolved);
        }
        read
    }

    /// Whether this is a file with nothing but the policy: everybody may read that, as opposed to
    /// settings with keys in them.
    fn is_policy_text(&self, resolved: &str) -> bool {
        base_name(resolved).starts_with("policy")
            && self
                .policy
                .belongings
                .guard
                .policy_files
                .iter()
                .any(|path| self.expand_home(path) == resolved)
    }

    /// The name of the process whose number such a file holds, if it is one of the guard's.
    pub(crate) fn process_of_file(&self, resolved: &str) -> Option<String> {
        let name = base_name(resolved);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let holds = matches!(ending, Some("pid" | "sock" | "lock"));
        let owner = self.owner_of_path(resolved).map(|(owner, _)| owner);
        (holds && matches!(owner, Some(Owner::Guard | Owner::OtherGuard)))
            .then(|| self.process_of(owner))
            .flatten()
    }

    /// A name under which processes of this owner run.
    pub(crate) fn process_of(&self, owner: Option<Owner>) -> Option<String> {
        self.belongings()
            .find(|(whose, own)| Some(*whose) == owner && !own.process_names.is_empty())
            .and_then(|(_, own)| own.process_names.first().cloned())
    }

    /// Whether a path with a glob in one of its directories may lead into one of a guard.
    fn glob_reaches_guard(&self, resolved: &str) -> bool {
        let is_glob = |part: &str| part.contains(['*', '?', '[']);
        if !is_glob(resolved) {
            return false;
        }
        let parts: Vec<&str> = resolved.split('/').skip(1).collect();
        self.belongings().filter(|(owner, _)| *owner != Owner::Agent).any(|(_, own)| {
            own.paths.iter().any(|path| {
                let expanded = normal(&self.own_path(path));
                let home = is_within(&expanded, &self.ctx.home);
                let own_parts: Vec<&str> = expanded.split('/').skip(1).collect();
                let head = parts.get(..own_parts.len()).unwrap_or_default();
                head.iter().any(|part| is_glob(part))
                    && head.iter().zip(&own_parts).all(|(part, own)| {
                        part == own
                            || (is_glob(part)
                                && (home || part.contains(|c: char| c.is_alphanumeric()))
                                && (part.starts_with('.') || !own.starts_with('.'))
                                && (part.len() > 32
                                    || part.matches('*').count() > 4
                                    || simple_glob(part, own)))
                    })
            })
        })
    }

    fn own_path(&self, path: &str) -> String {
        let expanded = self.expand_home(path);
        if expanded.starts_with('/') { expanded } else { format!("{}/{expanded}", self.ctx.cwd) }
    }

    /// A file of the guard or of an agent is written; true when it was one.
    pub(crate) fn write_own(&mut self, resolved: &str, mode: WriteMode, content: &str) -> bool {
        let Some((owner, vital)) = self.owner_of_path(resolved) else {
            return false;
        };
        let settings = ["toml", "yaml", "yml", "json", "conf", "ini", "env"]
            .iter()
            .any(|e| resolved.ends_with(&format!(".{e}")));
        let bad = neutralises(content) || neutralises(&self.command_text);
        let kind = match owner {
            Owner::Guard | Owner::OtherGuard if vital && mode == WriteMode::Empty => "guard.policy",
            Owner::Guard | Owner::OtherGuard if vital && resolved.contains("/bin/") => "guard.off",
            Owner::Guard | Owner::OtherGuard if settings && bad => "guard.policy",
            Owner::Guard | Owner::OtherGuard => "guard.edit",
            Owner::Agent if settings && bad => "agent.bypass",
            Owner::Agent => "agent.edit",
        };
        self.effect(kind, resolved);
        true
    }

    /// A file of the guard or of an agent is deleted or moved away; true when it was one.
    pub(crate) fn delete_own(&mut self, resolved: &str) -> bool {
        if self.is_workspace_of_guard(resolved) {
            self.effect("guard.edit", resolved);
            return true;
        }
        let Some((owner, vital)) = self.owner_of_path(resolved) else {
            return false;
        };
        let kind = match (owner, vital) {
            (Owner::Guard | Owner::OtherGuard, true) => "guard.off",
            (Owner::Guard | Owner::OtherGuard, false) => "guard.edit",
            (Owner::Agent, _) => "agent.edit",
        };
        self.effect(kind, resolved);
        true
    }

    /// A process, unit or container of the guard is stopped; true when it was one.
    pub(crate) fn stop_own(&mut self, name: &str, owner: Option<Owner>) -> bool {
        match owner {
            Some(Owner::Guard | Owner::OtherGuard) => self.effect("guard.off", name),
            Some(Owner::Agent) | None => return false,
        }
        true
    }

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
