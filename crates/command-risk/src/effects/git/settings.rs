//! Settings of git that run programs or redirect it, and aliases.

use crate::effects::environment::is_usual_helper;
use crate::interpret::Machine;
use crate::interpret::simple::Call;

impl Machine<'_> {
    pub(super) fn git_setting(&mut self, key: &str, value: &str) {
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

    pub(super) fn git_config(&mut self, call: &Call) {
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
