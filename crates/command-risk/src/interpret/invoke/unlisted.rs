//! A program that no table knows: what its name and its words say.

use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Taint, Value};

/// Words that change or remove something, in the place of a subcommand.
const MUTATING: &[&str] = &[
    "delete",
    "del",
    "destroy",
    "remove",
    "rm",
    "purge",
    "drop",
    "reset",
    "uninstall",
    "publish",
    "deploy",
    "apply",
    "terminate",
    "kill",
    "wipe",
    "erase",
    "truncate",
    "revoke",
    "undeploy",
    "prune",
    "shutdown",
    "reboot",
    "restart",
    "stop",
    "rollback",
    "evict",
    "decommission",
    "unpublish",
    "yank",
    "promote",
    "failover",
    "disable",
    "detach",
    "flush",
    "format",
    "overwrite",
    "destroy-all",
    "force-delete",
    "nuke",
    "teardown",
    "release",
    "upload",
    "send",
    "push",
    "create",
    "update",
    "set",
    "scale",
    "start",
    "restore",
    "import",
    "grant",
    "rotate",
    "patch",
    "put",
];

/// Of these, the ones that everyday tools use for harmless things too.
const MILD: &[&str] = &[
    "create", "update", "set", "start", "restore", "import", "release", "reset", "format", "put",
    "patch", "push", "send", "rm", "remove", "upload", "prune", "apply", "flush", "stop",
    "restart", "kill", "disable",
];

/// Names of tools that are common subcommands of others: behind an unknown program they are those.
const SUBCOMMANDS: &[&str] = &[
    "render", "serve", "start", "stop", "restart", "reload", "net", "at", "batch", "label",
    "format", "compact", "trust", "install", "link", "copy", "split", "sort", "join", "test",
    "watch", "import", "convert", "host", "info", "help", "open", "init", "time", "expand",
    "connect", "tag", "pass", "route", "service", "daemon", "unit", "view", "edit", "write",
    "patch", "fold", "size", "strip", "record", "login", "panel", "dash", "build", "wheel", "ship",
    "auto", "safety", "play", "profile", "dump", "report", "clean", "check", "fmt",
];

impl Machine<'_> {
    /// A program that no table knows. Unknown tools are ordinary, unless their words say otherwise.
    pub(super) fn unlisted(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let cmdlet = call.name.split_once('-').is_some_and(|(verb, noun)| {
            verb.starts_with(|c: char| c.is_ascii_uppercase())
                && noun.starts_with(|c: char| c.is_ascii_uppercase())
        });
        if cmdlet {
            return self.code("powershell", &Value::known(call.text()), None);
        }
        let mut operands = call.arguments().iter().filter(|w| !w.starts_with('-'));
        let early: Vec<&String> = operands.by_ref().take(3).collect();
        let verb = |word: &str, list: &[&str]| list.contains(&word.to_ascii_lowercase().as_str());
        let first = early.first().is_some_and(|w| verb(w, MUTATING));
        let split = |w: &str| {
            w.split([':', '-', '.', '/'])
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let second = early
            .get(1..3)
            .or(early.get(1..2))
            .unwrap_or_default()
            .iter()
            .any(|w| verb(w, MUTATING) && !verb(w, MILD));
        let compound = early.first().is_some_and(|w| {
            let parts = split(w);
            parts.len() > 1
                && !w.contains(['/', '.'])
                && parts.iter().any(|part| verb(part, MUTATING) && !verb(part, MILD))
        });
        let dry = call.arguments().iter().any(|w| {
            matches!(
                w.as_str(),
                "--dry-run"
                    | "--dryrun"
                    | "-n"
                    | "--check"
                    | "--noop"
                    | "--what-if"
                    | "--simulate"
                    | "--preview"
            )
        });
        // `k3s-uninstall.sh`, `lxc-destroy`: the name itself says it.
        let script = [".sh", ".bash", ".pl", ".py", ".rb", ".bat", ".cmd", ".ps1"]
            .iter()
            .any(|extension| call.name.ends_with(extension));
        let named = (script || call.name.contains(['-', '_']))
            && call.name.split(['-', '_', '.']).any(|part| {
                verb(part, MUTATING) && !verb(part, MILD)
                    || verb(part, &["killall", "uninstaller", "deinstall", "unconfigure", "kill"])
            });
        let named = named || verb(&call.name, &["uninstall", "uninstaller", "deinstall"]);
        if (first || second || compound || named) && !dry {
            self.effect("unknown.mutating", call.text());
        }
        self.embedded(call, stdin);
        Value::unknown(Taint::LOCAL)
    }

    /// Words of an unknown program that would be a dangerous command by themselves: a wrapper, most
    /// likely.
    fn embedded(&mut self, call: &Call, stdin: Option<&Value>) {
        for at in 1..call.words.len().min(6) {
            let word = call.word(at);
            if matches!(
                call.word(at - 1),
                "-c" | "-e" | "-x" | "--exec" | "--command" | "--cmd" | "--run" | "--eval"
            ) && word.contains(' ')
            {
                let text = word.to_owned();
                self.script(&text, None);
            }
            let known = (self.policy.tables.tool(word).is_some() || self.is_special(word))
                && !(at == 1 && SUBCOMMANDS.contains(&word));
            if known && at + 1 < call.words.len() && !call.word(at - 1).starts_with("--name") {
                self.run(call.fields_from(at), stdin);
                return;
            }
        }
    }
}
