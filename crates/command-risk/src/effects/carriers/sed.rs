//! `sed`: scripts that run commands or write files, and what a plain substitution yields.

use crate::effects::paths::WriteMode;
use crate::interpret::Machine;
use crate::interpret::simple::Call;
use crate::interpret::value::Value;

impl Machine<'_> {
    pub(super) fn sed(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        let mut scripts = Vec::new();
        let mut files = Vec::new();
        let mut in_place = false;
        let mut at = 1;
        while at < call.words.len() {
            let word = call.word(at).to_owned();
            at += 1;
            match word.as_str() {
                "-e" | "--expression" => {
                    scripts.push(call.word(at).to_owned());
                    at += 1;
                }
                "-f" | "--file" => {
                    let path = call.word(at).to_owned();
                    if !self.is_own_code(&path) {
                        self.effect("code.outside", path);
                    }
                    scripts.push(String::new());
                    at += 1;
                }
                _ if word.starts_with("--in-place") => in_place = true,
                _ if word.starts_with("--expression=") => {
                    scripts.push(word.trim_start_matches("--expression=").to_owned());
                }
                _ if word.starts_with("--") => {}
                _ if word.starts_with('-') && word.len() > 1 => {
                    in_place |= word.contains('i');
                    if word.ends_with('e') && !word.contains('i') || word == "-ie" || word == "-ne"
                    {
                        scripts.push(call.word(at).to_owned());
                        at += 1;
                    }
                }
                _ => files.push(call.fields.get(at - 1).cloned().unwrap_or_default()),
            }
        }
        if scripts.is_empty() && !files.is_empty() {
            scripts.push(files.remove(0).text);
        }
        for script in &scripts {
            self.sed_script(script);
        }
        for file in &files {
            if in_place {
                // Every line deleted leaves an empty file.
                let all =
                    scripts.iter().any(|s| matches!(s.trim(), "d" | "1,$d" | "/.*/d" | "/^/d"));
                self.write_path(&file.text, if all { WriteMode::Empty } else { WriteMode::Edit });
            } else {
                self.read_path(&file.text);
            }
        }
        if in_place {
            return Some(Value::default());
        }
        let input = stdin.filter(|s| s.is_known() && files.is_empty())?;
        let [script] = scripts.as_slice() else {
            return None;
        };
        substitute(script, &input.text).map(|text| Value { text, taint: input.taint })
    }

    /// `e`, `w` and `W` commands and the flags of `s`.
    fn sed_script(&mut self, script: &str) {
        for line in script.split(['\n', ';', '{', '}']) {
            let rest = line.trim_start().trim_start_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, '$' | ',' | '!' | ' ' | '+' | '~')
            });
            let rest = skip_address(rest);
            if let Some(command) = rest.strip_prefix('e') {
                if command.trim().is_empty() {
                    self.effect("code.dynamic", script);
                } else if command.starts_with(' ') {
                    self.effect("code.option", script);
                    self.script(command, None);
                }
            } else if let Some(path) = rest.strip_prefix("w ").or_else(|| rest.strip_prefix("W ")) {
                self.write_path(path.trim(), WriteMode::Replace);
            } else if let Some(path) = rest.strip_prefix("r ") {
                self.read_path(path.trim());
            }
        }
        let Some(flags) = substitution_flags(script) else {
            return;
        };
        if let Some((_, path)) = flags
            .split_once('w')
            .filter(|(before, _)| before.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            self.write_path(path.trim(), WriteMode::Replace);
        } else if flags.contains('e') && flags.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.effect("code.dynamic", script);
        }
    }
}

/// What stands behind `/regex/` or `\%regex%` at the beginning.
fn skip_address(text: &str) -> &str {
    let Some(rest) = text.strip_prefix('/') else {
        return text;
    };
    rest.split_once('/').map_or(text, |(_, tail)| tail.trim_start_matches([',', '!', ' ', 'I']))
}

/// The flags behind the third delimiter of an `s` command.
fn substitution_flags(script: &str) -> Option<&str> {
    let at = script.find('s')?;
    let rest = script.get(at + 1..)?;
    let delimiter = rest.chars().next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace())?;
    let mut parts = 0;
    let mut escaped = false;
    for (offset, c) in rest.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == delimiter {
            parts += 1;
            if parts == 3 {
                return rest.get(offset + c.len_utf8()..);
            }
        }
    }
    None
}

/// `s/a/b/g` with literal text on both sides.
fn substitute(script: &str, input: &str) -> Option<String> {
    let rest = script.strip_prefix('s')?;
    let delimiter = rest.chars().next()?;
    let parts: Vec<&str> = rest.split(delimiter).collect();
    let [_, from, to, flags] = parts.as_slice() else {
        return None;
    };
    let literal = |text: &str| !text.contains(['*', '.', '[', '\\', '^', '$', '&', '+', '?', '(']);
    if !literal(from) || !literal(to) || from.is_empty() || !matches!(*flags, "" | "g") {
        return None;
    }
    Some(if *flags == "g" {
        input.replace(from, to)
    } else {
        input.lines().map(|l| l.replacen(from, to, 1) + "\n").collect()
    })
}
