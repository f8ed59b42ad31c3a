//! What a rule would say of the words of a command.

use std::collections::BTreeSet;

use countersign_domain::approvals::commands::CommandPattern;

use super::Machine;
use super::value::{Field, UNKNOWN};
use crate::analysis::UNKNOWN_WORD;
use crate::effects::paths::{base_name, is_within};

/// A program whose operands are files, whatever they look like.
struct FileTool {
    /// How many operands come first that are something else: a mode, an owner, a script.
    first: usize,
    /// Letters and long options of which the next word is the value.
    values: &'static [&'static str],
    /// Those that say what the first operand says otherwise.
    instead: &'static [&'static str],
    /// Whether the next word is the value of an option.
    value_next: bool,
}

impl FileTool {
    /// An option stands there; `valued` when its value does too.
    fn option(&mut self, name: &str, valued: bool) {
        // `-n 3`, and `-rn 3`: the value belongs to the last letter.
        let is = |option: &&str| {
            *option == name
                || (option.len() == 2
                    && !name.starts_with("--")
                    && name.ends_with(option.trim_start_matches('-')))
        };
        self.value_next = !valued && self.values.iter().any(is);
        if self.instead.iter().any(is) {
            self.first = 0;
        }
    }
}

fn file_tool(program: &str) -> Option<FileTool> {
    let (first, values, instead): (usize, &'static [&'static str], &'static [&'static str]) =
        match program {
            "rm" | "grm" | "srm" | "unlink" | "rmtrash" | "trash" | "trash-put" | "rimraf"
            | "del-cli" | "rmdir" | "tee" => (0, &[], &[]),
            "cp" | "mv" | "ln" | "gcp" | "gmv" | "ditto" | "link" => {
                (0, &["-t", "-S", "--target-directory", "--suffix"], &[])
            }
            "install" => {
                (0, &["-t", "-S", "-m", "-o", "-g", "--target-directory", "--mode", "--owner"], &[])
            }
            "touch" => (0, &["-d", "-t", "-r", "--date", "--reference"], &[]),
            "mkdir" => (0, &["-m", "--mode"], &[]),
            "shred" | "wipe" => (0, &["-n", "-s", "--iterations", "--size"], &[]),
            "truncate" => (0, &["-s", "-r", "--size", "--reference"], &[]),
            "fallocate" => (0, &["-l", "-o", "--length", "--offset"], &[]),
            "chmod" | "chown" | "chgrp" => (1, &[], &["--reference"]),
            "chattr" | "chflags" => (1, &["-v", "-p"], &[]),
            "sed" | "gsed" => (
                1,
                &["-e", "-f", "-l", "--expression", "--file"],
                &["-e", "-f", "--expression", "--file"],
            ),
            _ => return None,
        };
    Some(FileTool { first, values, instead, value_next: false })
}

impl Machine<'_> {
    /// What a rule would say of these words.
    pub(super) fn pattern_of(&self, fields: &[Field]) -> CommandPattern {
        let program = fields.first().map(|f| base_name(&f.text).to_owned()).unwrap_or_default();
        let subcommands =
            self.policy.tables.tool(&program).is_some_and(|tool| !tool.rules.is_empty());
        let mut pattern = CommandPattern {
            program,
            subcommand: Vec::new(),
            options: BTreeSet::new(),
            targets: BTreeSet::new(),
        };
        let mut files = file_tool(&pattern.program);
        let mut only_operands = false;
        for field in fields.iter().skip(1) {
            let word = field.text.as_str();
            if files.as_mut().is_some_and(|tool| std::mem::take(&mut tool.value_next)) {
                pattern.targets.insert(format!("name:{word}"));
            } else if !only_operands && word == "--" {
                only_operands = true;
            } else if !only_operands && word.starts_with("--") {
                let (name, value) =
                    word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
                pattern.options.insert(name.to_owned());
                pattern.targets.extend(value.map(|v| match files {
                    Some(_) => format!("name:{v}"),
                    None => self.target(v, false),
                }));
                if let Some(tool) = &mut files {
                    tool.option(name, value.is_some());
                }
            } else if !only_operands && word.starts_with('-') && word.len() > 1 {
                let letters =
                    word.len() <= 5 && word.bytes().skip(1).all(|b| b.is_ascii_alphabetic());
                if letters {
                    pattern.options.extend(word.chars().skip(1).map(|c| format!("-{c}")));
                } else {
                    pattern.options.insert(word.to_owned());
                }
                if let Some(tool) = &mut files {
                    tool.option(word, false);
                }
            } else if subcommands
                && pattern.targets.is_empty()
                && pattern.subcommand.len() < 2
                && is_subcommand(word)
            {
                pattern.subcommand.push(word.to_owned());
            } else {
                pattern.targets.insert(match &mut files {
                    Some(tool) if tool.first > 0 => {
                        tool.first -= 1;
                        format!("name:{word}")
                    }
                    Some(_) => self.target(word, true),
                    None => self.target(word, false),
                });
            }
        }
        pattern
    }

    /// What a word stands for; `is_file` when the program takes it for a file in any case. A bare
    /// word of another program may be a host or a version, dots or no dots.
    fn target(&self, word: &str, is_file: bool) -> String {
        let elsewhere = self.state.remote || self.state.container.is_some();
        let path_like = (is_file && !elsewhere && !word.is_empty())
            || word.starts_with(['/', '~', '.'])
            || word.contains('/');
        if !is_file && let Some((_, rest)) = word.split_once("://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            return format!("host:{}", host.rsplit('@').next().unwrap_or_default());
        }
        if !path_like || self.state.remote {
            return format!("name:{word}");
        }
        let resolved = self.resolve(word);
        let root = self.ctx.root();
        let hidden = resolved
            .get(root.len()..)
            .unwrap_or_default()
            .split('/')
            .any(|part| part.starts_with('.'));
        if is_within(&resolved, root)
            && resolved != root
            && !hidden
            && !word.contains(['*', '?', '[', UNKNOWN])
        {
            format!("within:{root}")
        } else {
            format!("path:{resolved}")
        }
    }

    pub(super) fn looks_like_file(&self, word: &str) -> bool {
        let (stem, ending) = word.rsplit_once('.').unwrap_or(("", ""));
        !stem.is_empty()
            && (1..=5).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_alphanumeric())
            && !word.contains(' ')
            && self.state.container.is_none()
    }
}

/// The words for the globs of an operator; see [`CommandView::words`].
pub(super) fn words_of(fields: &[Field]) -> String {
    let mut out = String::new();
    for (at, field) in fields.iter().enumerate() {
        let text = if at == 0 { base_name(&field.text) } else { field.text.as_str() };
        for piece in text.split_whitespace() {
            if !out.is_empty() {
                out.push(' ');
            }
            if piece.contains(UNKNOWN) {
                out.extend(piece.chars().map(|c| if c == UNKNOWN { UNKNOWN_WORD } else { c }));
            } else {
                out.push_str(piece);
            }
        }
    }
    out
}

fn is_subcommand(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 32
        && word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b':'))
}
