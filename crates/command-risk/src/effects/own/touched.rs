//! Files and processes of the guard and of agents that are read, written, deleted or stopped.

use super::Owner;
use super::neutralising::neutralises;
use crate::effects::paths::{WriteMode, is_within};
use crate::interpret::Machine;

impl Machine<'_> {
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
}
