//! Where a path leads, without looking.

use crate::interpret::Machine;
use crate::interpret::value::UNKNOWN;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteMode {
    /// Its content goes, nothing comes.
    Empty,
    Replace,
    Append,
    /// Changed where it stands.
    Edit,
}

/// The part of the machine that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `/`, a top-level system directory.
    SystemRoot,
    /// A whole home directory, or that of all.
    HomeRoot,
    /// Inside a system directory.
    System,
    /// A dot file or directory of the user.
    HomeSettings,
    /// Another file of the user.
    Home,
    /// The home of another user.
    OtherHome,
    Workspace,
    Temporary,
    /// `/dev/null` and its like.
    Sink,
    Device,
    /// A file system outside the usual ones.
    Elsewhere,
    /// Inside a container, not on this machine.
    Container,
    Unknown,
}

const SYSTEM: &[&str] = &[
    "bin",
    "boot",
    "dev",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "sys",
    "usr",
    "var",
    "efi",
    "Users",
    "System",
    "Library",
    "Applications",
    "private",
    "cores",
    "nix",
];
const SYSTEM_SECOND: &[&str] = &[
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib64",
    "usr/share",
    "usr/local",
    "var/lib",
    "var/log",
    "boot/efi",
    "private/etc",
    "private/var",
];

/// `path` without `.`, `..` and doubled slashes; absolute paths only.
pub(crate) fn normal(path: &str) -> String {
    if is_normal(path) {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len() + 1);
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or_default()),
            _ => {
                out.push('/');
                out.push_str(part);
            }
        }
        if out == "/System/Volumes/Data" || is_root_of_process(&out) {
            out.clear();
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

/// `/proc/self/root` and its like, which lead to `/`.
fn is_root_of_process(path: &str) -> bool {
    path.strip_prefix("/proc/").and_then(|rest| rest.strip_suffix("/root")).is_some_and(|pid| {
        pid == "self" || pid == "thread-self" || pid.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a path certainly has nothing to remove; most have not.
fn is_normal(path: &str) -> bool {
    let plain = path.starts_with('/')
        && !path.ends_with('/')
        && !path.starts_with("/proc/")
        && !path.starts_with("/System/");
    let mut previous = b' ';
    plain
        && path.bytes().all(|byte| {
            let after_slash = std::mem::replace(&mut previous, byte) == b'/';
            !(after_slash && (byte == b'/' || byte == b'.'))
        })
}

/// Whether `path` is `root` or below it; both absolute and normal.
pub fn is_within(path: &str, root: &str) -> bool {
    let root = root.trim_end_matches('/');
    path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or(path)
}

impl Machine<'_> {
    /// A path as bash hands it over, made absolute and normal.
    pub(crate) fn resolve(&self, path: &str) -> String {
        let here = path
            .strip_prefix("/proc/self/cwd")
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .map(|rest| format!(".{rest}"));
        let path = here.as_deref().unwrap_or(path);
        let path = match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.ctx.home),
            None if path == "~" => self.ctx.home.clone(),
            None => path.to_owned(),
        };
        let absolute = if path.starts_with('/') {
            path
        } else {
            match &self.state.cwd {
                Some(cwd) => format!("{cwd}/{path}"),
                None => format!("/{UNKNOWN}/{path}"),
            }
        };
        let absolute = normal(&absolute);
        match &self.state.container {
            None => absolute,
            Some(mounts) => {
                mounts.iter().find(|(inside, _)| is_within(&absolute, inside)).map_or_else(
                    || format!("/@container{absolute}"),
                    |(inside, host)| {
                        let rest =
                            absolute.get(inside.trim_end_matches('/').len()..).unwrap_or_default();
                        normal(&format!("{host}/{rest}"))
                    },
                )
            }
        }
    }

    /// The place of a resolved path.
    pub(crate) fn place(&self, path: &str) -> Place {
        if path.starts_with("/@container") {
            return Place::Container;
        }
        let mut parts = path.split('/').skip(1);
        let first = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        if first.contains(UNKNOWN) {
            return Place::Unknown;
        }
        if is_within(path, &self.ctx.home) {
            return self.home_place(path);
        }
        match (first, rest.as_slice()) {
            ("", _) => Place::SystemRoot,
            ("dev", [name, ..]) => device(name),
            ("tmp", [_, ..]) | ("var", ["tmp", _, ..]) | ("private", ["tmp" | "var", _, ..]) => {
                Place::Temporary
            }
            ("home" | "Users", [_]) | ("root", []) => Place::HomeRoot,
            ("home" | "Users" | "root", [_, ..]) => self.workspace_or(path, Place::OtherHome),
            (top, []) if SYSTEM.contains(&top) => Place::SystemRoot,
            (top, [second])
                if SYSTEM_SECOND.iter().any(|s| s.split_once('/') == Some((top, second))) =>
            {
                Place::SystemRoot
            }
            (top, _)
                if SYSTEM.contains(&top) || matches!(top, "mnt" | "media" | "Volumes" | "snap") =>
            {
                self.workspace_or(path, Place::System)
            }
            (_, []) => Place::Elsewhere,
            _ => self.workspace_or(path, Place::Elsewhere),
        }
    }

    fn workspace_or(&self, path: &str, other: Place) -> Place {
        if is_within(path, self.ctx.root()) || is_within(path, &self.ctx.cwd) {
            Place::Workspace
        } else {
            other
        }
    }

    fn home_place(&self, path: &str) -> Place {
        let rest = path
            .get(self.ctx.home.trim_end_matches('/').len()..)
            .unwrap_or_default()
            .trim_start_matches('/');
        if rest.is_empty() {
            return Place::HomeRoot;
        }
        let in_workspace = self.workspace_or(path, Place::Home);
        if in_workspace == Place::Workspace && self.ctx.root() != self.ctx.home {
            return Place::Workspace;
        }
        if rest.starts_with(".cache/") {
            Place::Temporary
        } else if rest.starts_with('.') || rest.starts_with("Library/") {
            Place::HomeSettings
        } else {
            Place::Home
        }
    }

    /// Whether a path may be run as code without being asked: the checkout and installed programs.
    pub(crate) fn is_own_code(&self, path: &str) -> bool {
        if path.contains(UNKNOWN) {
            return false;
        }
        let resolved = self.resolve(path);
        if self.cloned.iter().any(|dir| is_within(&resolved, dir)) {
            return false;
        }
        match self.place(&resolved) {
            Place::Workspace | Place::Container => true,
            Place::System => [
                "/bin/",
                "/sbin/",
                "/usr/bin/",
                "/usr/sbin/",
                "/usr/local/",
                "/usr/lib",
                "/usr/libexec/",
                "/usr/share/",
                "/opt/",
                "/snap/",
                "/nix/",
                "/lib",
            ]
            .iter()
            .any(|dir| resolved.starts_with(dir)),
            Place::HomeSettings => [
                ".cargo/",
                ".local/",
                ".nvm/",
                ".pyenv/",
                ".rbenv/",
                ".bun/",
                ".deno/",
                ".rustup/",
                ".asdf/",
                ".volta/",
                ".sdkman/",
                ".nix-profile/",
                ".venv",
            ]
            .iter()
            .any(|dir| resolved.contains(dir)),
            Place::Home => resolved.contains("/go/bin/") || self.in_sibling_checkout(),
            Place::SystemRoot
            | Place::HomeRoot
            | Place::OtherHome
            | Place::Temporary
            | Place::Sink
            | Place::Device
            | Place::Elsewhere
            | Place::Unknown => false,
        }
    }

    /// A `cd` within the command into another directory of the user.
    fn in_sibling_checkout(&self) -> bool {
        self.state
            .cwd
            .as_deref()
            .is_some_and(|cwd| cwd != self.ctx.cwd && self.place(cwd) == Place::Home)
    }

    /// Whether a path lies under one that the operator protects.
    pub(crate) fn is_protected(&self, resolved: &str) -> bool {
        self.policy.protected_paths.iter().any(|path| is_within(resolved, &self.expand_home(path)))
    }

    pub(crate) fn expand_home(&self, path: &str) -> String {
        match path.strip_prefix('~') {
            Some(rest) => format!("{}{rest}", self.ctx.home),
            None => path.to_owned(),
        }
    }
}

fn device(name: &str) -> Place {
    match name {
        "null" | "stdout" | "stderr" | "stdin" | "tty" | "fd" | "zero" | "full" | "random"
        | "urandom" | "ptmx" => Place::Sink,
        "shm" | "pts" => Place::Temporary,
        _ => Place::Device,
    }
}
