//! Git: settings and options that run programs. What subcommands do stands in the tables.

use super::environment::is_usual_helper;
use super::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Value};

/// Settings whose value is a program.
fn is_program_key(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default();
    matches!(
        key,
        "core.sshcommand"
            | "core.editor"
            | "core.pager"
            | "core.askpass"
            | "core.gitproxy"
            | "core.fsmonitor"
            | "sequence.editor"
            | "diff.external"
            | "gpg.program"
            | "credential.helper"
            | "interactive.difffilter"
            | "sendemail.smtpserver"
            | "uploadpack.packobjectshook"
            | "web.browser"
            | "ssh.command"
            | "core.alternaterefscommand"
            | "gpg.ssh.defaultkeycommand"
    ) || (key.starts_with("pager.")
        || matches!(
            last,
            "textconv"
                | "clean"
                | "smudge"
                | "process"
                | "driver"
                | "cmd"
                | "program"
                | "helper"
                | "uploadpack"
                | "receivepack"
                | "command"
                | "sshcommand"
                | "sendmailcmd"
                | "tocmd"
                | "cccmd"
                | "headercmd"
        ))
        && last != "format"
}

/// Settings that redirect git or load code and settings from elsewhere.
#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "these are no file extensions, or names in which case matters"
)]
fn is_dangerous_key(key: &str) -> bool {
    key.starts_with("include")
        || key.starts_with("lfs.customtransfer.")
        || key.starts_with("lfs.extension.")
        || key == "lfs.standalonetransferagent"
        || key.starts_with("protocol.")
        || (key.starts_with("url.")
            && (key.ends_with("insteadof") || key.ends_with("pushinsteadof")))
        || matches!(
            key,
            "core.hookspath"
                | "core.worktree"
                | "init.templatedir"
                | "http.proxy"
                | "https.proxy"
                | "http.sslverify"
                | "http.sslcainfo"
                | "safe.directory"
                | "core.attributesfile"
                | "remote.origin.url"
                | "http.cookiefile"
                | "http.extraheader"
                | "transfer.fsckobjects"
                | "receive.denycurrentbranch"
                | "core.gitproxy"
        )
        || (key.starts_with("remote.")
            && (key.ends_with(".url")
                || key.ends_with(".pushurl")
                || key.ends_with(".proxy")
                || key.ends_with(".vcs")))
        || (key.starts_with("http.") && (key.ends_with(".proxy") || key.ends_with(".sslverify")))
}

impl Machine<'_> {
    /// Remembers where a clone goes: what is in it came from elsewhere.
    fn note_clone(&mut self, call: &Call) {
        if call.word(1) != "clone" {
            return;
        }
        let valued = ["-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "-j"];
        let mut operands = Vec::new();
        let mut at = 2;
        while at < call.words.len() {
            let word = call.word(at);
            at += 1;
            if valued.contains(&word) {
                at += 1;
            } else if !word.starts_with('-') {
                operands.push(word.to_owned());
            }
        }
        let Some(source) = operands.first().filter(|s| s.contains(':')) else {
            return;
        };
        let named = super::paths::base_name(source).trim_end_matches(".git").to_owned();
        let target = self.resolve(operands.get(1).unwrap_or(&named));
        if self.cloned.len() < 16 && target.len() > 1 {
            self.cloned.push(target);
        }
    }

    /// Follows what git is made to run; the tables judge the rest.
    #[expect(clippy::unnecessary_wraps, reason = "one signature for all handlers of a kind")]
    pub(super) fn git(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let mut at = 1;
        let cwd = self.state.cwd.clone();
        while call.word(at).starts_with('-') {
            let word = call.word(at).to_owned();
            match word.as_str() {
                "-c" | "--config-env" => {
                    let (key, value) = call
                        .word(at + 1)
                        .split_once('=')
                        .map(|(k, v)| (k.to_owned(), v.to_owned()))
                        .unwrap_or_default();
                    self.git_setting(&key, &value);
                    at += 2;
                }
                "-C" => {
                    self.state.cwd = Some(self.resolve(call.word(at + 1)));
                    at += 2;
                }
                "--git-dir" | "--work-tree" | "--exec-path" => {
                    self.git_directory(call.word(at + 1));
                    at += 2;
                }
                "--namespace" => at += 2,
                _ if word.starts_with("--config-env=") => {
                    let setting = word.trim_start_matches("--config-env=");
                    let (key, variable) = setting.split_once('=').unwrap_or((setting, ""));
                    let value = self.variable(variable).map_or_else(
                        || crate::interpret::value::UNKNOWN.to_string(),
                        |value| value.text,
                    );
                    self.git_setting(key, &value);
                    at += 1;
                }
                _ => {
                    if let Some((_, dir)) = word.split_once('=') {
                        self.git_directory(dir);
                    }
                    at += 1;
                }
            }
        }
        self.changes_agent_checkout(call.word(at), call);
        let mut fields = vec![Field::known("git")];
        fields.extend(call.fields_from(at));
        let rest = Call {
            name: "git".to_owned(),
            words: fields.iter().map(|f| f.text.clone()).collect(),
            fields,
        };
        self.note_clone(&rest);
        let output = self.git_subcommand(&rest, stdin);
        self.state.cwd = cwd;
        Some(output)
    }

    /// A checkout that is the home of the guard or of an agent is brought to other content.
    fn changes_agent_checkout(&mut self, verb: &str, call: &Call) {
        let changes = [
            "pull",
            "checkout",
            "switch",
            "reset",
            "restore",
            "clean",
            "merge",
            "rebase",
            "stash",
            "apply",
            "am",
            "revert",
            "cherry-pick",
            "rm",
            "mv",
            "submodule",
        ];
        let Some(cwd) = self.state.cwd.clone().filter(|_| changes.contains(&verb)) else {
            return;
        };
        match self.owner_of_path(&cwd) {
            Some((super::own::Owner::Agent, _)) => self.effect("agent.edit", call.text()),
            Some(_) if !self.is_own_code(&cwd) => self.effect("guard.edit", call.text()),
            Some(_) | None => {}
        }
    }

    fn git_directory(&mut self, dir: &str) {
        if !self.is_own_code(dir) && !dir.starts_with('.') {
            self.effect("code.outside", dir);
        }
    }

    fn git_setting(&mut self, key: &str, value: &str) {
        let key = key.to_ascii_lowercase();
        if let Some(name) = key.strip_prefix("alias.") {
            self.git_alias(name, value);
        } else if is_program_key(&key) {
            if !is_usual_helper(value) && !matches!(value, "true" | "false") {
                self.effect("git.config_exec", format!("{key}={value}"));
                self.script(value.trim_start_matches('!'), None);
            }
        } else if is_dangerous_key(&key) {
            self.effect("git.config_exec", format!("{key}={value}"));
        } else if let Some(command) = value.strip_prefix('!') {
            // `submodule.*.update` and others take a command behind an exclamation mark.
            self.effect("git.config_exec", format!("{key}={value}"));
            self.script(command, None);
        }
    }

    fn git_alias(&mut self, name: &str, value: &str) {
        if let Some(command) = value.strip_prefix('!') {
            self.effect("git.config_exec", format!("alias.{name}={value}"));
            self.script(command, None);
        } else {
            self.script(&format!("git {value}"), None);
            self.state.functions.remove(name);
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn git_subcommand(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let words = call.words.clone();
        let after = |names: &[&str]| -> Option<String> {
            words.iter().enumerate().find_map(|(at, word)| {
                if names.contains(&word.as_str()) {
                    return words.get(at + 1).cloned();
                }
                word.split_once('=')
                    .filter(|(name, _)| names.contains(name))
                    .map(|(_, value)| value.to_owned())
            })
        };
        let mut program = None;
        match call.word(1) {
            "config" => self.git_config(call),
            "init" => {
                if let Some(dir) = after(&["--template", "--separate-git-dir"]) {
                    self.git_directory(&dir);
                }
            }
            "rebase" => program = after(&["-x", "--exec"]),
            "bisect" if call.word(2) == "run" => {
                return self.run(call.fields_from(3), None);
            }
            "submodule" if call.words.iter().any(|w| w == "foreach") => {
                let at = call.words.iter().position(|w| w == "foreach").unwrap_or(0) + 1;
                let at = at + call.words.iter().skip(at).take_while(|w| w.starts_with('-')).count();
                let text = call
                    .fields_from(at)
                    .iter()
                    .map(|f| f.text.clone())
                    .collect::<Vec<_>>()
                    .join(" ");
                return self.script(&text, None);
            }
            "grep" => {
                program = words
                    .iter()
                    .find_map(|w| {
                        w.strip_prefix("--open-files-in-pager=")
                            .or_else(|| w.strip_prefix("-O").filter(|r| !r.is_empty()))
                    })
                    .map(str::to_owned);
            }
            "fetch" | "clone" | "ls-remote" | "pull" | "push" | "fetch-pack" | "send-pack"
            | "archive" => {
                program = after(&["--upload-pack", "--receive-pack", "--exec"]).or_else(|| {
                    after(&["-u"]).filter(|_| matches!(call.word(1), "clone" | "ls-remote"))
                });
                for (at, word) in words.iter().enumerate() {
                    if word.starts_with("ext::") || word.starts_with("fd::") {
                        self.effect("code.option", word.as_str());
                    }
                    if matches!(word.as_str(), "-c" | "--config") && call.word(1) == "clone" {
                        let setting = words.get(at + 1).cloned().unwrap_or_default();
                        let (key, value) = setting.split_once('=').unwrap_or((&setting, ""));
                        self.git_setting(key, value);
                    }
                }
                if let Some(dir) = after(&["--template"]) {
                    self.git_directory(&dir);
                }
            }
            "difftool" | "mergetool" => program = after(&["-x", "--extcmd"]),
            "filter-branch" => {
                for word in [
                    "--tree-filter",
                    "--index-filter",
                    "--msg-filter",
                    "--env-filter",
                    "--commit-filter",
                    "--parent-filter",
                ] {
                    if let Some(text) = after(&[word]) {
                        self.script(&text, None);
                    }
                }
            }
            _ => {}
        }
        if let Some(program) = program {
            self.git_program(&program);
        }
        if let Some(path) = after(&["--output", "--output-directory"]) {
            self.write_path(&path, WriteMode::Replace);
        }
        if matches!(call.word(1), "archive" | "bundle" | "format-patch")
            && let Some(path) = after(&["-o"])
        {
            self.write_path(&path, WriteMode::Replace);
        }
        let Some(tool) = self.policy.tables.tool("git").cloned() else {
            return Value::default();
        };
        self.by_table(call, &tool, stdin)
    }

    fn git_program(&mut self, program: &str) {
        if matches!(program, "git-upload-pack" | "git-receive-pack")
            || is_usual_helper(program) && !program.contains(';')
        {
            return;
        }
        let before = self.effects.len();
        self.script(program, None);
        let own_tests = self.effects.len() == before
            && !program.contains(';')
            && ["cargo", "npm", "make", "pytest", "go", "just", "yarn", "pnpm", "./"]
                .iter()
                .any(|t| program.starts_with(t));
        if !own_tests {
            self.effect("code.option", program);
        }
    }

    fn git_config(&mut self, call: &Call) {
        let reads = [
            "--get",
            "--get-all",
            "--list",
            "-l",
            "--get-regexp",
            "--get-urlmatch",
            "list",
            "get",
            "--show-origin",
            "--name-only",
        ];
        if call.arguments().iter().any(|w| reads.contains(&w.as_str())) {
            return;
        }
        let mut operands = Vec::new();
        let mut skip = false;
        for word in call.words.iter().skip(2) {
            if std::mem::take(&mut skip) {
                self.git_directory(word);
            } else if matches!(word.as_str(), "-f" | "--file" | "--blob" | "--type") {
                skip = word != "--type";
            } else if !word.starts_with('-') && word != "set" && word != "unset" {
                operands.push(word.clone());
            }
        }
        let unsets = call
            .arguments()
            .iter()
            .any(|w| w.starts_with("--unset") || w == "--remove-section" || w == "unset");
        match operands.as_slice() {
            [key, value, ..] => self.git_setting(key, value),
            [key] if unsets && is_dangerous_key(&key.to_ascii_lowercase()) => {
                self.effect("git.config_exec", key.as_str());
            }
            _ => {}
        }
        if call.arguments().iter().any(|w| w == "-e" || w == "--edit") {
            self.effect("git.config_exec", call.text());
        }
        if call.arguments().iter().any(|w| w == "--system") {
            self.effect("git.config_exec", call.text());
        }
    }
}
