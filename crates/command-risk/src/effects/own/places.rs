//! Whose a path is.

use super::Owner;
use crate::effects::deletes::simple_glob;
use crate::effects::paths::{base_name, is_within, normal};
use crate::interpret::Machine;

/// The paths that one program owns, made absolute.
pub(crate) struct OwnPlaces {
    policy: Vec<String>,
    /// Each with whether it is a directory.
    paths: Vec<(String, bool)>,
}

impl Machine<'_> {
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
    pub(super) fn is_workspace_of_guard(&self, resolved: &str) -> bool {
        self.ctx.workspace.as_deref().is_some_and(|workspace| normal(workspace) == resolved)
            && self.belongings().filter(|(owner, _)| *owner != Owner::Agent).any(|(_, own)| {
                own.paths
                    .iter()
                    .any(|path| self.in_workspace_inside(resolved, &self.own_path(path)))
            })
    }

    /// Whether this is a file with nothing but the policy: everybody may read that, as opposed to
    /// settings with keys in them.
    pub(super) fn is_policy_text(&self, resolved: &str) -> bool {
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

    /// Whether a path with a glob in one of its directories may lead into one of a guard.
    pub(super) fn glob_reaches_guard(&self, resolved: &str) -> bool {
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
}
