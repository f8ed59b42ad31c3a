//! What any program might do with its words: write where told, read credentials, touch the guard.

use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::UNKNOWN;
use crate::tables::Tool;

impl Machine<'_> {
    /// What any program might do with its words: write where told, read credentials, touch the guard.
    pub(super) fn common(&mut self, call: &Call, tool: Option<&Tool>) {
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
