//! Deleting and moving away.

use super::paths::{Place, normal};
use super::writes::{is_artefact, is_critical};
use crate::interpret::Machine;
use crate::interpret::value::{Field, Taint, UNKNOWN};

const TOP: &[&str] = &[
    "bin", "boot", "dev", "etc", "home", "lib", "lib64", "opt", "proc", "root", "run", "sbin",
    "srv", "sys", "usr", "var",
];

/// Whether a glob takes everything in its directory.
fn takes_all(part: &str) -> bool {
    matches!(
        part,
        "*" | ".*"
            | "**"
            | "?*"
            | "*.*"
            | "*?"
            | ".[!.]*"
            | ".??*"
            | ".[^.]*"
            | "[!.]*"
            | "..?*"
            | "*/"
            | "[a-z]*"
            | "[a-zA-Z]*"
            | "[A-Za-z]*"
    )
}

impl Machine<'_> {
    /// The directory that is deleted with all its contents, when an operand amounts to that.
    fn whole_target(&self, field: &Field) -> Option<String> {
        if field.text.starts_with(UNKNOWN) {
            return None;
        }
        let mut resolved = self.resolve(&field.text);
        if field.glob
            || (field.taint.has(Taint::NAMES) && crate::interpret::expand::has_glob(&field.text))
        {
            let mut parts: Vec<&str> = resolved.split('/').filter(|p| !p.is_empty()).collect();
            let top_glob = parts.first().is_some_and(|first| {
                !takes_all(first)
                    && first.contains(['*', '?', '['])
                    && parts.len() == 1
                    && TOP.iter().any(|top| simple_glob(first, top))
            });
            if top_glob {
                return Some("/".to_owned());
            }
            while parts.last().is_some_and(|part| takes_all(part)) {
                parts.pop();
            }
            resolved = normal(&parts.join("/"));
            if resolved.contains(['*', '?', '[']) {
                return None;
            }
        }
        (!resolved.contains(UNKNOWN)).then_some(resolved)
    }

    /// Whether `path` with everything in it is the system or a home; the finding then.
    pub(crate) fn wipes(&self, path: &str) -> Option<&'static str> {
        match self.place(path) {
            Place::SystemRoot => Some("fs.wipe_system"),
            Place::HomeRoot => Some("fs.wipe_home"),
            Place::Container if matches!(path, "/@container" | "/@container/") => {
                Some("container.change")
            }
            Place::System
                if path == "/boot" || path.starts_with("/boot/") || path.starts_with("/efi/") =>
            {
                Some("fs.wipe_system")
            }
            Place::System
            | Place::HomeSettings
            | Place::Home
            | Place::OtherHome
            | Place::Workspace
            | Place::Temporary
            | Place::Sink
            | Place::Device
            | Place::Elsewhere
            | Place::Container
            | Place::Unknown => None,
        }
    }

    /// One operand is deleted.
    pub(crate) fn delete(&mut self, field: &Field, recursive: bool) {
        if !field.is_known() && field.text.starts_with(UNKNOWN) && field.text.chars().count() == 1 {
            let kind = if recursive { "fs.recursive_delete" } else { "fs.bulk_delete" };
            return self.effect(kind, field.text.as_str());
        }
        let whole = self.whole_target(field);
        if recursive && let Some(kind) = whole.as_deref().and_then(|path| self.wipes(path)) {
            return self.effect(kind, field.text.as_str());
        }
        let resolved = self.resolve(&field.text);
        if recursive {
            let inside: Vec<String> =
                self.policy.belongings.guard.paths.iter().map(|p| self.expand_home(p)).collect();
            if whole
                .as_deref()
                .is_some_and(|path| inside.iter().any(|own| super::paths::is_within(own, path)))
            {
                return self.effect("guard.off", field.text.as_str());
            }
        }
        if self.delete_own(whole.as_deref().unwrap_or(&resolved)) {
            return;
        }
        let kind = if is_critical(&resolved) || resolved.starts_with("/boot/") {
            "fs.empty_critical"
        } else if resolved.starts_with("/var/log/") || resolved.ends_with("_history") {
            "log.tamper"
        } else if self.is_protected(&resolved) {
            "fs.delete"
        } else if recursive {
            if self.place(&resolved) == Place::Container {
                "container.change"
            } else {
                "fs.recursive_delete"
            }
        } else if field.glob || field.taint.has(Taint::NAMES) {
            "fs.bulk_delete"
        } else {
            self.single(&resolved)
        };
        self.effect(kind, field.text.as_str());
    }

    fn single(&self, resolved: &str) -> &'static str {
        let temporary = self.place(resolved) == Place::Temporary && !resolved.contains(UNKNOWN);
        let artefact = matches!(self.place(resolved), Place::Workspace) && {
            let rest = resolved.get(self.ctx.root().len()..).unwrap_or_default();
            is_artefact(rest) && !rest.contains(UNKNOWN)
        };
        let own = self.written.contains_key(resolved) && self.place(resolved) == Place::Workspace;
        if temporary || artefact || own { "fs.delete_artefact" } else { "fs.delete" }
    }

    /// A file or directory is moved away.
    pub(crate) fn move_away(&mut self, field: &Field) {
        if let Some(kind) = self.whole_target(field).as_deref().and_then(|path| self.wipes(path)) {
            return self.effect(kind, field.text.as_str());
        }
        let resolved = self.resolve(&field.text);
        if self.delete_own(&resolved) {
            return;
        }
        match self.place(&resolved) {
            _ if is_critical(&resolved) => self.effect("fs.empty_critical", field.text.as_str()),
            Place::System | Place::OtherHome | Place::Device => {
                self.effect("fs.move_system", field.text.as_str());
            }
            Place::HomeSettings => self.effect("fs.write_dotfile", field.text.as_str()),
            Place::Workspace if resolved.contains("/.git/") || resolved.ends_with("/.git") => {
                self.effect("git.loses_work", field.text.as_str());
            }
            Place::SystemRoot
            | Place::HomeRoot
            | Place::Home
            | Place::Workspace
            | Place::Temporary
            | Place::Sink
            | Place::Elsewhere
            | Place::Container
            | Place::Unknown => {}
        }
    }
}

/// A glob with `*`, `?` and `[…]` (any one character) over one path part.
pub(crate) fn simple_glob(pattern: &str, text: &str) -> bool {
    let mut pattern_chars = pattern.chars();
    match pattern_chars.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern_chars.as_str();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| simple_glob(rest, text.get(at..).unwrap_or_default()))
        }
        Some('?') => {
            let mut chars = text.chars();
            chars.next().is_some() && simple_glob(pattern_chars.as_str(), chars.as_str())
        }
        Some('[') => {
            let rest = pattern_chars.as_str();
            let Some(end) = rest.find(']') else {
                return false;
            };
            let mut chars = text.chars();
            let Some(c) = chars.next() else { return false };
            let class = rest.get(..end).unwrap_or_default();
            let found = class.contains(c)
                || class.split_once('-').is_some_and(|(a, b)| {
                    a.chars().last().is_some_and(|a| a <= c)
                        && b.chars().next().is_some_and(|b| c <= b)
                });
            found && simple_glob(rest.get(end + 1..).unwrap_or_default(), chars.as_str())
        }
        Some(c) => {
            text.strip_prefix(c).is_some_and(|rest| simple_glob(pattern_chars.as_str(), rest))
        }
    }
}
