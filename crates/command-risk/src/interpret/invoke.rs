//! What a named program does: built in here, or by the tables.

use super::Machine;
use super::simple::Call;
use super::value::{Taint, UNKNOWN, Value};
use crate::effects::paths::WriteMode;
use crate::tables::{Arguments, Outcome, Tool};

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
    pub(super) fn invoke(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        if call.name.starts_with("./") {
            return self.local_script(call, stdin);
        }
        if let Some(output) = self.builtin(call, stdin) {
            return output;
        }
        if let Some(owner) = self.is_own_cli(&call.name) {
            self.own_cli(owner, &call.words);
            return Value::unknown(Taint::LOCAL);
        }
        let tool = self.policy.tables.tool(&call.name).cloned();
        if asks_for_help(call, tool.as_deref()) {
            return Value::unknown(Taint::NONE);
        }
        self.common(call, tool.as_deref());
        self.carrying_options(call, tool.as_deref());
        self.embedded_languages(call, stdin);
        self.singular(call);
        if let Some(output) = self.filter(call, stdin) {
            return output;
        }
        if let Some(output) = self.wrapper(call, stdin) {
            return output;
        }
        if let Some(output) = self.special(call, stdin) {
            return output;
        }
        match tool {
            Some(tool) => self.by_table(call, &tool, stdin),
            None => self.unlisted(call, stdin),
        }
    }

    /// A program of the checkout: allowed, but not to be told to switch things off.
    fn local_script(&mut self, call: &Call, _stdin: Option<&Value>) -> Value {
        self.common(call, None);
        self.effect("code.run", call.word(0));
        let name = call.name.trim_start_matches("./").to_owned();
        let wrapped = ["mvnw", "gradlew"].contains(&name.as_str());
        if wrapped && let Some(tool) = self.policy.tables.tool(&name).cloned() {
            self.carrying_options(call, Some(&tool));
            return self.by_table(call, &tool, None);
        }
        if let Some(owner) = self.is_own_cli(&name) {
            self.own_cli(owner, &call.words);
        }
        self.framework_code(&name, call);
        Value::unknown(Taint::LOCAL)
    }

    /// What any program might do with its words: write where told, read credentials, touch the guard.
    fn common(&mut self, call: &Call, tool: Option<&Tool>) {
        self.reads_of_guard(call, tool);
        let names_only = tool.is_some_and(|t| t.meta || t.text) || is_meta(&call.name);
        let bypass = self.is_own_cli(&call.name).is_none()
            && self.bypasses(&call.text())
            && call.name != "grep";
        if bypass && !names_only && self.words_name_agent(call) {
            self.effect("agent.bypass", call.text());
        }
        if matches!(
            call.name.as_str(),
            "grep" | "egrep" | "fgrep" | "rg" | "ag" | "ack" | "zgrep" | "strings"
        ) {
            // The first operand is the pattern, mere text.
            for word in call.arguments().iter().filter(|w| !w.starts_with('-')).skip(1) {
                self.read_argument(word);
            }
        }
        for (at, field) in call.fields.iter().enumerate().skip(1) {
            if names_only || field.text.len() > 4096 {
                break;
            }
            let word = field.text.as_str();
            if let Some((option, value)) = word.split_once('=') {
                if matches!(
                    option,
                    "--output"
                        | "--out"
                        | "--outfile"
                        | "--output-file"
                        | "--log-file"
                        | "--logfile"
                        | "--report-file"
                        | "--dest"
                ) {
                    self.write_path(value, WriteMode::Replace);
                }
                self.read_argument(value.trim_start_matches('@'));
                continue;
            }
            if matches!(
                word,
                "-o" | "--output" | "--out" | "--outfile" | "--output-file" | "-O" | "--log-file"
            ) && !tool.is_some_and(|t| t.values.iter().any(|v| v == "-o") && t.out.is_empty())
            {
                let next = call.word(at + 1).to_owned();
                if next.starts_with(['/', '~']) {
                    self.write_path(&next, WriteMode::Replace);
                }
            }
            // `gcloud secrets list`: a subcommand, not a file of that name.
            let subcommand = at <= 3
                && word.bytes().all(|b| b.is_ascii_lowercase())
                && tool.is_some_and(|t| t.default.is_some());
            if !word.starts_with('-') && !word.contains(['\n', ' ']) && !subcommand {
                self.read_argument(word.trim_start_matches(['@', '<']));
            }
        }
    }

    fn words_name_agent(&self, call: &Call) -> bool {
        call.arguments()
            .iter()
            .any(|word| self.is_own_cli(crate::effects::paths::base_name(word)).is_some())
    }

    #[expect(clippy::nonminimal_bool, reason = "written the way it is said")]
    fn read_argument(&mut self, word: &str) {
        if word.is_empty() || word.contains("://") {
            return;
        }
        let word = word.strip_prefix("file:").unwrap_or(word);
        let resolved = self.resolve(word);
        if self.is_credential(&resolved) && !(word.contains(UNKNOWN) && !word.contains("/.ssh/")) {
            self.effect("secret.read", word);
        }
    }

    pub(crate) fn by_table(&mut self, call: &Call, tool: &Tool, stdin: Option<&Value>) -> Value {
        if let Some(skip) = tool.wraps {
            return self.wrap(call, tool, usize::from(skip), stdin);
        }
        if let Some(effect) = tool.effect {
            self.effect(effect, call.text());
        }
        let arguments = Arguments::sort(&call.words, tool, false);
        if tool.text {
            return Value::unknown(Taint::NONE);
        }
        if tool.writes_last
            && let Some(&(target, _)) = arguments.operands.last()
            && !target.contains("://")
        {
            self.write_path(target, WriteMode::Replace);
        }
        if let Some(output) = self.runs(call, tool, &arguments, stdin) {
            return output;
        }
        match tool.outcome(&arguments) {
            Outcome::Harmless => {
                let dynamic =
                    arguments.operands.first().is_some_and(|(word, _)| word.contains(UNKNOWN));
                if dynamic
                    && tool.rules.iter().any(|rule| rule.effect.is_some())
                    && tool.default.is_some()
                {
                    self.effect("unresolved.operand", call.text());
                }
            }
            Outcome::Effect(kind) => {
                // macOS tools name a disk without its directory.
                let system_disk = kind == "disk.format"
                    && call.arguments().iter().any(|w| {
                        use crate::effects::disks::Disk;
                        Disk::of(&self.resolve(w)) == Disk::System
                            || Disk::of(&format!("/dev/{w}")) == Disk::System
                    });
                let wiped = (kind == "fs.recursive_delete")
                    .then(|| {
                        arguments
                            .operands
                            .iter()
                            .filter(|(w, _)| w.starts_with(['/', '~']))
                            .find_map(|(w, _)| self.wipes(&self.resolve(w)))
                    })
                    .flatten();
                if let Some(wiped) = wiped {
                    self.effect(wiped, call.text());
                } else if system_disk {
                    self.effect("fs.wipe_disk", call.text());
                } else if !self.changes_own(call) {
                    self.effect(kind, call.text());
                }
            }
        }
        Value::unknown(Taint::LOCAL)
    }

    /// Subcommands such as `exec` behind which another command stands.
    fn runs(
        &mut self,
        call: &Call,
        tool: &Tool,
        arguments: &Arguments<'_>,
        stdin: Option<&Value>,
    ) -> Option<Value> {
        let (path, skip) = tool
            .runs
            .iter()
            .filter(|(path, _)| {
                path.iter()
                    .enumerate()
                    .all(|(at, word)| arguments.operand(at) == Some(word.as_str()))
            })
            .max_by_key(|(path, _)| path.len())?;
        let place = arguments.operands.get(path.len().checked_sub(1)?)?.1;
        let words = call.words.get(place..)?;
        let inner = Arguments::sort(words, tool, true);
        let start = match words.iter().position(|w| w == "--") {
            Some(at) if *skip > 0 || inner.operands.first().is_none_or(|(_, p)| *p >= at) => at + 1,
            _ => inner.operands.get(usize::from(*skip)).map(|(_, p)| *p)?,
        };
        let fields = call.fields_from(place + start);
        if fields.is_empty() {
            return None;
        }
        if let Some(kind) = tool.ruled(arguments) {
            self.effect(kind, call.text());
        }
        if let [only] = fields.as_slice()
            && only.text.contains(' ')
            && *skip == 0
        {
            // One word with blanks is handed to a shell.
            return Some(self.code("sh", &only.value(), stdin));
        }
        Some(self.run_inside(call, fields, stdin))
    }

    /// Runs the command of a subcommand such as `exec`, inside a container where that is what it does.
    fn run_inside(
        &mut self,
        call: &Call,
        fields: Vec<crate::interpret::value::Field>,
        stdin: Option<&Value>,
    ) -> Value {
        let contained = matches!(
            call.name.as_str(),
            "docker"
                | "podman"
                | "nerdctl"
                | "finch"
                | "docker-compose"
                | "podman-compose"
                | "kubectl"
                | "oc"
                | "k"
                | "crictl"
                | "ctr"
                | "lxc"
                | "incus"
                | "multipass"
                | "limactl"
                | "lima"
                | "colima"
                | "vagrant"
                | "pct"
                | "machinectl"
        );
        if !contained {
            return self.run(fields, stdin);
        }
        let Some(state) = self.snapshot() else {
            return Value::unknown(Taint::LOCAL);
        };
        let mut mounts = Vec::new();
        for (at, word) in call.words.iter().enumerate() {
            let spec = match word.as_str() {
                "-v" | "--volume" => call.word(at + 1),
                _ => word
                    .strip_prefix("--volume=")
                    .or_else(|| word.strip_prefix("-v").filter(|w| w.starts_with('/')))
                    .unwrap_or_default(),
            };
            let mut parts = spec.split(':');
            if let (Some(host), Some(inside)) = (parts.next(), parts.next()) {
                mounts.push((inside.to_owned(), self.resolve(host)));
            }
        }
        self.state.container = Some(mounts);
        self.state.cwd = Some("/".to_owned());
        let first = self.commands.len();
        let output = self.run(fields, stdin);
        self.carried(first);
        self.state = state;
        output
    }

    /// A program that no table knows. Unknown tools are ordinary, unless their words say otherwise.
    fn unlisted(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
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

/// Programs that look at names only, whatever the tables say.
fn is_meta(name: &str) -> bool {
    matches!(
        name,
        "ls" | "ll"
            | "stat"
            | "test"
            | "["
            | "which"
            | "type"
            | "file"
            | "du"
            | "touch"
            | "mkdir"
            | "rmdir"
            | "echo"
            | "printf"
            | "basename"
            | "dirname"
            | "realpath"
            | "readlink"
            | "rm"
            | "unlink"
            | "shred"
            | "mv"
            | "chmod"
            | "chown"
            | "chgrp"
            | "ssh"
            | "ssh-keygen"
            | "ssh-add"
            | "git"
            | "find"
            | "fd"
            | "curl"
            | "wget"
            | "docker"
            | "podman"
            | "kubectl"
            | "ssh-copy-id"
            | "locate"
            | "tree"
            | "getfacl"
            | "lsattr"
            | "chattr"
            | "setfacl"
            | "gpg"
            | "sed"
            | "awk"
            | "gawk"
            | "mawk"
            | "rg"
            | "grep"
            | "egrep"
            | "fgrep"
            | "truncate"
            | "bash"
            | "sh"
            | "zsh"
            | "eval"
    )
}

fn asks_for_help(call: &Call, tool: Option<&Tool>) -> bool {
    let exempt = tool.is_some_and(|t| t.wraps.is_some() || !t.runs.is_empty() && !help_first(call))
        || matches!(
            call.name.as_str(),
            "bash"
                | "sh"
                | "zsh"
                | "dash"
                | "ksh"
                | "python"
                | "python3"
                | "perl"
                | "ruby"
                | "node"
                | "php"
                | "lua"
                | "find"
                | "xargs"
                | "ssh"
                | "env"
                | "busybox"
                | "parallel"
                | "deno"
                | "bun"
                | "tclsh"
                | "awk"
                | "gawk"
                | "sed"
                | "make"
                | "echo"
                | "printf"
        ) && call.words.len() > 2;
    let version =
        call.words.len() == 2 && matches!(call.word(1), "--version" | "--help" | "-V" | "-h");
    if exempt && !version {
        return false;
    }
    let before_end = call.arguments().iter().take_while(|w| *w != "--");
    let flagged = before_end.clone().any(|w| w == "--help" || w == "-help")
        || (call.words.len() <= 3 && call.words.last().is_some_and(|w| w == "--version"));
    let alone = call.words.len() == 2
        && matches!(
            call.word(1),
            "-h" | "-V" | "-v" | "-?" | "/?" | "-version" | "version" | "help"
        );
    flagged
        || alone
        || (call.word(1) == "help" && tool.is_some())
        || (call.words.last().is_some_and(|w| w == "help")
            && matches!(call.name.as_str(), "aws" | "gcloud"))
}

fn help_first(call: &Call) -> bool {
    call.arguments()
        .iter()
        .take(3)
        .any(|w| matches!(w.as_str(), "--help" | "--version" | "help" | "-h"))
}
