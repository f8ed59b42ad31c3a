//! Reading what belongs to a guard: its tokens, its settings, its log.

use super::Machine;
use super::simple::Call;
use crate::tables::Tool;

/// Programs that look at names and attributes, not at content, or whose words are mere text; and
/// those that run the rest of their words as a command, which is looked at by itself.
const NO_READERS: &[&str] = &[
    "ls", "ll", "la", "l", "dir", "vdir", "exa", "eza", "lsd", "tree", "stat", "file", "du", "df",
    "touch", "mkdir", "rmdir", "test", "[", "which", "whereis", "type", "where", "locate",
    "mlocate", "plocate", "echo", "printf", "basename", "dirname", "realpath", "readlink", "rm",
    "unlink", "shred", "chmod", "chown", "chgrp", "chattr", "setfacl", "getfacl", "lsattr", "find",
    "gfind", "bfs", "fd", "fdfind", "namei", "ncdu", "dust", "duf", "info", "man", "pushd", "cd",
    "kill", "pkill", "killall", "sudo", "doas", "su", "env", "xargs", "gxargs", "nice", "nohup",
    "timeout", "time", "exec", "command", "builtin", "watch", "parallel", "rush", "ssh", "bash",
    "sh", "zsh", "dash", "ksh", "eval",
];

/// Programs whose first operand is a pattern.
const SEARCHERS: &[&str] = &[
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "ag",
    "ack",
    "ugrep",
    "zgrep",
    "xzgrep",
    "bzgrep",
    "zstdgrep",
    "pcregrep",
    "pcre2grep",
    "rga",
    "sift",
    "pt",
    "ggrep",
];

impl Machine<'_> {
    /// Operands and values of options that lead to something of a guard.
    pub(super) fn reads_of_guard(&mut self, call: &Call, tool: Option<&Tool>) {
        let no_reader = NO_READERS.contains(&call.name.as_str())
            || tool.is_some_and(|t| t.text || t.wraps.is_some())
            || self.state.remote;
        if no_reader {
            return;
        }
        let subcommands = tool.is_some_and(|t| !t.rules.is_empty());
        let searches = SEARCHERS.contains(&call.name.as_str());
        let mut operands = 0_usize;
        let pattern_given = call.arguments().iter().any(|w| {
            w.starts_with("--regexp")
                || w.starts_with("--file")
                || (w.len() > 2
                    && (w.starts_with("-e") || w.starts_with("-f"))
                    && !w.starts_with("--"))
        });
        for word in call.arguments() {
            if word.len() > 4096 || word.contains(['\n', ' ']) {
                operands += usize::from(!word.starts_with('-'));
                continue;
            }
            if word.starts_with('-') {
                self.option_of_guard(word);
                continue;
            }
            operands += 1;
            if !(searches && operands == 1 && !pattern_given) {
                self.operand_of_guard(word, subcommands);
            }
        }
        let everything = !matches!(call.name.as_str(), "grep" | "egrep" | "fgrep" | "zgrep")
            || call.arguments().iter().any(|w| {
                w == "--recursive"
                    || (w.starts_with('-') && !w.starts_with("--") && w.contains(['r', 'R']))
            });
        if searches && everything && operands <= usize::from(!pattern_given) {
            self.read_own(".");
        }
    }

    fn option_of_guard(&mut self, word: &str) {
        let value = match word.split_once('=') {
            Some((_, value)) => value,
            None if word.starts_with("--") => return,
            None => word.get(2..).unwrap_or_default(),
        };
        let value = value.trim_start_matches('@');
        if value.starts_with(['/', '~', '.']) {
            self.read_own(value);
        }
    }

    fn operand_of_guard(&mut self, word: &str, subcommands: bool) {
        let word = word.strip_prefix("file://").unwrap_or(word);
        if word.contains("://") {
            return;
        }
        let word = word.split_once('=').map_or(word, |(_, value)| value);
        let word = word.trim_start_matches(['@', '<']);
        let is_path = !subcommands
            || word.starts_with(['/', '~', '.'])
            || word.contains(['/', '*', '?', '['])
            || self.looks_like_file(word);
        if word.is_empty() || !is_path {
            return;
        }
        if !self.read_own(word)
            && let Some((path, _)) = word.split_once(':')
            && path.contains('/')
        {
            self.read_own(path);
        }
    }
}
