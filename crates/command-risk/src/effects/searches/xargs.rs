//! `xargs`: commands put together from what is fed to it.

use super::names;
use super::trees::whole_trees;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::{Field, Taint, UNKNOWN, Value};

impl Machine<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn xargs(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let valued = [
            "-n",
            "-L",
            "-P",
            "-I",
            "-d",
            "-E",
            "-s",
            "-a",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
            "--max-lines",
            "--replace",
            "-R",
            "-J",
            "--process-slot-var",
        ];
        let mut at = 1;
        let mut replace: Option<String> = None;
        let mut file = None;
        let (mut most, mut by_line, mut delimiter) = (usize::MAX, false, None);
        while call.word(at).starts_with('-') {
            let word = call.word(at);
            if let Some(text) = word.strip_prefix("-n").or_else(|| word.strip_prefix("--max-args="))
            {
                let text = if text.is_empty() { call.word(at + 1) } else { text };
                most = text.parse().unwrap_or(usize::MAX).max(1);
            } else if word.starts_with("-L") || word.starts_with("--max-lines") {
                by_line = true;
            } else if let Some(text) =
                word.strip_prefix("-d").or_else(|| word.strip_prefix("--delimiter="))
            {
                let text = if text.is_empty() { call.word(at + 1) } else { text };
                delimiter = crate::interpret::decode::escapes(text).chars().next();
            } else if word == "-0" || word == "--null" {
                delimiter = Some('\0');
            } else if let Some(text) = word
                .strip_prefix("-I")
                .or_else(|| word.strip_prefix("-J"))
                .or_else(|| word.strip_prefix("--replace="))
            {
                replace = Some(if text.is_empty() {
                    call.word(at + 1).to_owned()
                } else {
                    text.to_owned()
                });
            } else if word == "-i" || word == "--replace" {
                replace = Some("{}".to_owned());
            } else if word == "-a" || word == "--arg-file" {
                file = Some(call.word(at + 1).to_owned());
            }
            at += if valued.contains(&word) && word != "--replace" { 2 } else { 1 };
        }
        let input = match file {
            Some(path) => self.file_content(&path, true),
            None => stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL)),
        };
        let taint = input.taint.with(Taint::NAMES);
        let known = input.is_known() && input.text.len() < 4096;
        let mut command = call.fields_from(at);
        if command.is_empty() {
            return input;
        }
        if let Some(mark) = replace.filter(|m| !m.is_empty()) {
            let lines: Vec<String> = if known {
                match delimiter {
                    Some(delimiter) => {
                        let text = input.text.strip_suffix(delimiter).unwrap_or(&input.text);
                        text.split(delimiter).take(16).map(str::to_owned).collect()
                    }
                    None => input
                        .text
                        .lines()
                        .filter(|l| !l.trim().is_empty())
                        .take(16)
                        .map(|line| unquoted(line.trim_start()).join(" "))
                        .collect(),
                }
            } else {
                let mut lines = vec![UNKNOWN.to_string()];
                if let Some(roots) = whole_trees(&input)
                    && command.iter().any(|field| field.text == mark)
                {
                    let mut every = command.clone();
                    every.retain(|field| field.text != mark);
                    if self.for_each_below(&mut every, roots) {
                        self.run(every, None);
                        lines.clear();
                    }
                }
                lines
            };
            for line in lines {
                let fields = command
                    .iter()
                    .map(|f| {
                        if f.text.contains(&mark) {
                            names(f.text.replace(&mark, &line))
                        } else {
                            f.clone()
                        }
                    })
                    .collect();
                self.run(fields, None);
            }
        } else {
            if !known {
                if let Some(roots) = whole_trees(&input) {
                    self.for_each_below(&mut command, roots);
                }
                command.push(Field { text: UNKNOWN.to_string(), taint, ..Field::default() });
                self.run(command, None);
                return Value::unknown(taint);
            }
            let groups: Vec<Vec<String>> = match delimiter {
                Some(delimiter) => {
                    let text = input.text.strip_suffix(delimiter).unwrap_or(&input.text);
                    vec![text.split(delimiter).map(str::to_owned).collect()]
                }
                None if by_line => {
                    input.text.lines().map(unquoted).filter(|l| !l.is_empty()).collect()
                }
                None => vec![input.text.lines().flat_map(unquoted).collect()],
            };
            for group in groups.iter().take(16) {
                if group.is_empty() {
                    self.run(command.clone(), None);
                }
                for chunk in group.chunks(most).take(16) {
                    let mut fields = command.clone();
                    fields.extend(chunk.iter().map(Field::known));
                    self.run(fields, None);
                }
            }
        }
        Value::unknown(taint)
    }
}

/// The words of a line as `xargs` takes them: quotes and backslashes are its own.
fn unquoted(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut open: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = open.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|inner| *inner != c));
            }
            '\\' => open.get_or_insert_default().extend(chars.next()),
            ' ' | '\t' => out.extend(open.take()),
            _ => open.get_or_insert_default().push(c),
        }
    }
    out.extend(open);
    out
}
