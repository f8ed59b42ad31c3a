//! Writing to a path.

use super::disks::Disk;
use super::paths::{Place, WriteMode, base_name};
use crate::interpret::Machine;
use crate::interpret::value::{Taint, UNKNOWN, Value};

/// What the system cannot do without.
const CRITICAL: &[&str] = &[
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/fstab",
    "/bin/sh",
    "/bin/bash",
    "/usr/bin/sh",
    "/usr/bin/bash",
    "/etc/ld.so.cache",
    "/etc/sudoers",
    "/usr/bin/env",
    "/sbin/init",
    "/usr/sbin/init",
];

pub(crate) fn is_critical(path: &str) -> bool {
    let loader = (path.starts_with("/lib") || path.starts_with("/usr/lib"))
        && (base_name(path).starts_with("ld-linux") || base_name(path).starts_with("libc.so"));
    CRITICAL.contains(&path) || loader
}

/// Directories and names of build output and other things that can be made again.
pub(crate) fn is_artefact(path: &str) -> bool {
    let dirs = [
        "target",
        "build",
        "dist",
        "out",
        "coverage",
        "node_modules",
        "__pycache__",
        ".cache",
        ".pytest_cache",
        ".next",
        ".nuxt",
        "tmp",
        "temp",
        ".tox",
        "obj",
        ".mypy_cache",
        ".ruff_cache",
        "htmlcov",
        ".turbo",
        ".parcel-cache",
        "_build",
        ".gradle",
        "bin",
    ];
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    let endings = [".o", ".pyc", ".tmp", ".swp", ".obj", ".class", ".bak~", ".orig", ".rej"];
    parts.any(|part| dirs.contains(&part)) || endings.iter().any(|e| name.ends_with(e))
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
fn is_startup(path: &str, home: &str) -> bool {
    let in_home =
        path.strip_prefix(home.trim_end_matches('/')).or_else(|| path.strip_prefix("/root"));
    let Some(rest) = in_home else {
        let dirs = [
            "/etc/cron",
            "/var/spool/cron",
            "/etc/systemd/",
            "/lib/systemd/",
            "/usr/lib/systemd/",
            "/etc/profile",
            "/etc/rc",
            "/etc/init",
            "/etc/udev/",
            "/etc/ld.so.preload",
            "/etc/xdg/autostart",
            "/Library/Launch",
            "/etc/bash",
            "/etc/zsh",
            "/etc/environment",
            "/etc/pam.d",
            "/etc/modules",
            "/etc/ld.so.conf",
            "/run/systemd/",
            "/etc/anacrontab",
            "/etc/at.",
            "/etc/sudoers",
            "/etc/update-motd.d",
            "/etc/apt/apt.conf",
        ];
        return dirs.iter().any(|dir| path.starts_with(dir));
    };
    let rest = rest.trim_start_matches('/');
    let files = [
        ".bash",
        ".profile",
        ".zsh",
        ".zprofile",
        ".zlogin",
        ".config/autostart",
        ".config/systemd",
        ".config/fish",
        ".ssh/authorized_keys",
        ".ssh/rc",
        ".ssh/config",
        ".ssh/environment",
        ".xinitrc",
        ".xprofile",
        ".xsession",
        ".emacs",
        ".vimrc",
        ".vim/",
        ".config/nvim",
        "Library/LaunchAgents",
        ".inputrc",
        ".login",
        ".cshrc",
        ".tcshrc",
        ".kshrc",
        ".pam_environment",
        ".gdbinit",
        ".tmux.conf",
        ".config/cron",
        ".local/bin",
        "bin/",
        ".direnvrc",
        ".envrc",
        ".lessfilter",
        ".psqlrc",
        ".irbrc",
        ".pythonrc",
        ".local/share/applications",
        ".config/environment.d",
    ];
    files.iter().any(|file| rest.starts_with(file))
}

impl Machine<'_> {
    /// A file is written with content that is not looked at.
    pub(crate) fn write_path(&mut self, path: &str, mode: WriteMode) {
        self.write_content(path, mode, &Value::unknown(Taint::NONE));
    }

    /// A file is written with this content.
    pub(crate) fn write_content(&mut self, path: &str, mode: WriteMode, content: &Value) {
        let resolved = self.resolve(path);
        // An empty line is as good as nothing in a file that must not be empty.
        let blank =
            content.is_known() && content.taint == Taint::NONE && content.text.trim().is_empty();
        let vital = is_critical(&resolved)
            || self
                .owner_of_path(&resolved)
                .is_some_and(|(owner, vital)| vital && owner != super::own::Owner::Agent);
        let mode =
            if mode == WriteMode::Replace && blank && vital { WriteMode::Empty } else { mode };
        if mode != WriteMode::Append && !path.contains(UNKNOWN) && self.written.len() < 256 {
            self.written.insert(resolved.clone(), content.clone());
        }
        self.note_made(&resolved);
        if self.write_own(&resolved, mode, &content.text) {
            return;
        }
        if let Some(kind) = self.write_kind(path, &resolved, mode, content) {
            self.effect(kind, path);
        }
    }

    #[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
    fn write_kind(
        &self,
        path: &str,
        resolved: &str,
        mode: WriteMode,
        content: &Value,
    ) -> Option<&'static str> {
        if self.is_protected(resolved) {
            return Some("fs.overwrite");
        }
        if let Some(kind) = self.kernel_write(resolved, content) {
            return Some(kind);
        }
        if mode == WriteMode::Empty && is_critical(resolved) {
            return Some("fs.empty_critical");
        }
        if is_startup(resolved, &self.ctx.home) {
            return Some("persist.startup");
        }
        if let Some(kind) = git_internal(resolved) {
            return Some(kind);
        }
        if resolved.starts_with("/var/log/")
            || (mode == WriteMode::Empty && base_name(resolved).ends_with("_history"))
        {
            return Some("log.tamper");
        }
        match self.place(resolved) {
            Place::Sink | Place::Container => None,
            Place::Temporary => Some("fs.write"),
            Place::Device => Some(match Disk::of(resolved) {
                Disk::System => "fs.wipe_disk",
                Disk::Other => "disk.change",
                Disk::None => "fs.write_device",
            }),
            Place::Workspace | Place::Home | Place::Elsewhere => {
                Some(self.ordinary(resolved, mode))
            }
            Place::HomeSettings => Some("fs.write_dotfile"),
            Place::System | Place::SystemRoot | Place::HomeRoot | Place::OtherHome => {
                // A path that is only partly known may be anywhere below.
                Some("fs.write_system")
            }
            Place::Unknown if mode == WriteMode::Empty => Some("fs.truncate"),
            Place::Unknown if path.starts_with(UNKNOWN) && content.taint.has(Taint::NETWORK) => {
                Some("unresolved.operand")
            }
            Place::Unknown => None,
        }
    }

    fn ordinary(&self, resolved: &str, mode: WriteMode) -> &'static str {
        let remote = self.state.remote;
        match mode {
            _ if remote => "remote.change",
            WriteMode::Empty if !is_artefact(resolved) && !self.is_new(resolved) => "fs.truncate",
            WriteMode::Empty | WriteMode::Replace | WriteMode::Append | WriteMode::Edit => {
                "fs.write"
            }
        }
    }

    /// Names of files that are made empty on purpose.
    #[expect(clippy::unused_self, reason = "belongs to the family of methods beside it")]
    fn is_new(&self, resolved: &str) -> bool {
        let name = base_name(resolved);
        matches!(name, "__init__.py" | ".gitkeep" | ".keep" | ".nojekyll" | "py.typed")
            || name.contains(UNKNOWN)
    }

    #[expect(clippy::unused_self, reason = "belongs to the family of methods beside it")]
    fn kernel_write(&self, resolved: &str, content: &Value) -> Option<&'static str> {
        if resolved == "/proc/sysrq-trigger" {
            let known = content.text.trim();
            return Some(if matches!(known, "c" | "o" | "b") {
                if known == "c" { "machine.crash" } else { "machine.power" }
            } else {
                "kernel.change"
            });
        }
        if resolved.starts_with("/proc/sys/")
            || resolved.starts_with("/sys/")
            || resolved.starts_with("/boot/")
            || resolved.starts_with("/proc/")
        {
            return Some("kernel.change");
        }
        None
    }
}

fn git_internal(resolved: &str) -> Option<&'static str> {
    if resolved.contains("/.git/hooks") {
        return Some("persist.startup");
    }
    let name = base_name(resolved);
    if name == ".gitconfig"
        || resolved.ends_with("/.git/config")
        || resolved.contains("/.config/git/")
        || resolved.ends_with("/.gitmodules")
    {
        return Some("git.config_exec");
    }
    resolved.contains("/.git/").then_some("git.rewrites_history")
}
