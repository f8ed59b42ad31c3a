//! Programs whose output can be known: printers, decoders, simple filters.

use super::Machine;
use super::decode;
use super::simple::Call;
use super::value::{Taint, UNKNOWN, Value};
use crate::effects::paths::{WriteMode, base_name};

impl Machine<'_> {
    /// The output of a program that prints or transforms; none if this is not one.
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    pub(super) fn filter(&mut self, call: &Call, stdin: Option<&Value>) -> Option<Value> {
        if let Some(value) = self.printed(call) {
            return Some(value);
        }
        let known = |m: &mut Self| m.input(call, stdin);
        match call.name.as_str() {
            "cat" | "bat" | "batcat" | "zcat" | "less" | "more" | "head" | "tail" | "tac"
            | "nl" | "paste" | "fold" | "fmt" | "sort" | "uniq" | "pv" | "strings" | "dos2unix" => {
                let input = known(self);
                if call.name == "head"
                    && call.words.iter().any(|w| w.starts_with("/dev/"))
                    && call
                        .words
                        .iter()
                        .any(|w| crate::effects::files::is_huge(w.trim_start_matches("-c")))
                {
                    self.effect("fs.fill", call.text());
                }
                if matches!(call.name.as_str(), "head" | "tail") && input.is_known() {
                    return Some(part_of(&input, call));
                }
                let plain = call.arguments().iter().all(|w| !w.starts_with('-'));
                let same = (matches!(call.name.as_str(), "cat" | "pv") && plain)
                    || (matches!(call.name.as_str(), "sort" | "uniq" | "tac")
                        && plain
                        && (input.text.lines().count() <= 1
                            || crate::effects::searches::is_whole_trees(&input)));
                if call.name == "sort" {
                    self.outputs(call, &["-o", "--output"]);
                    self.program_option(call, "--compress-program");
                }
                Some(if same { input } else { Value::unknown(input.taint.without(Taint::OWN)) })
            }
            "rev" => Some(folded(known(self), |text| {
                text.lines().map(|l| l.chars().rev().collect::<String>() + "\n").collect()
            })),
            "tr" => {
                let input = stdin.cloned().unwrap_or_default();
                let operands: Vec<&str> = call.arguments().iter().map(String::as_str).collect();
                Some(
                    decode::translate(&operands, &input.text)
                        .map_or_else(|| Value::unknown(input.taint), |text| keep(&input, text)),
                )
            }
            "basenc" if call.words.iter().any(|w| w.starts_with("--base")) => {
                let decodes = call.words.iter().any(|w| w == "-d" || w == "--decode");
                let hex = call.words.iter().any(|w| w == "--base16");
                let bits = if call.words.iter().any(|w| w == "--base32") { 5 } else { 6 };
                let input = known(self);
                Some(decode_with(&input, decodes, |text| {
                    if hex { decode::hex(text) } else { decode::base(text, bits) }
                }))
            }
            "base64" | "base32" | "gbase64" => {
                let decodes = call.arguments().iter().any(|w| {
                    w == "--decode"
                        || w == "-D"
                        || (w.starts_with('-') && !w.starts_with("--") && w.contains('d'))
                });
                let input = known(self);
                let bits = if call.name == "base32" { 5 } else { 6 };
                Some(decode_with(&input, decodes, |text| decode::base(text, bits)))
            }
            "xxd" => {
                let input = known(self);
                let reverse =
                    call.arguments().iter().any(|w| w.starts_with('-') && w.contains('r'));
                Some(decode_with(&input, reverse, decode::hex))
            }
            "openssl" if matches!(call.word(1), "enc" | "base64") => {
                if let Some(at) = call.words.iter().position(|w| w == "-in") {
                    let path = call.word(at + 1).to_owned();
                    self.read_path(&path);
                }
                let decodes = call.arguments().iter().any(|w| w == "-d");
                let base64 =
                    call.arguments().iter().any(|w| w == "-base64" || w == "-a" || w == "base64");
                self.outputs(call, &["-out"]);
                let named = call.words.iter().position(|w| w == "-in").map(|at| call.word(at + 1));
                let input = match named.map(str::to_owned) {
                    Some(path) => self.file_content(&path, true),
                    None => stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL)),
                };
                Some(decode_with(&input, decodes && base64, |text| decode::base(text, 6)))
            }
            "tee" | "sponge" => {
                let input = stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL));
                let append = call.arguments().iter().any(|w| w == "-a" || w == "--append");
                let mode = if append {
                    WriteMode::Append
                } else if stdin.is_some_and(|s| s.text.is_empty()) {
                    WriteMode::Empty
                } else {
                    WriteMode::Replace
                };
                for word in call.arguments().iter().filter(|w| !w.starts_with('-')) {
                    self.write_content(word, mode, &input);
                }
                Some(input)
            }
            "split" | "csplit" => {
                let prefix = call.words.last().filter(|w| w.starts_with(['/', '~'])).cloned();
                if call.words.len() > 2
                    && let Some(prefix) = prefix
                {
                    self.write_path(&prefix, WriteMode::Replace);
                }
                let filter = call.words.iter().enumerate().find_map(|(at, word)| {
                    (word == "--filter")
                        .then(|| call.word(at + 1))
                        .or_else(|| word.strip_prefix("--filter="))
                });
                if let Some(program) = filter {
                    // `$FILE` is the name that the part would have.
                    let program = program
                        .split_once('>')
                        .filter(|(_, to)| {
                            let to = to.trim_start();
                            to.starts_with("$FILE") || to.starts_with("\"$FILE")
                        })
                        .map_or(program, |(before, _)| before)
                        .trim()
                        .to_owned();
                    let file = call
                        .words
                        .iter()
                        .skip(1)
                        .find(|word| !word.starts_with('-') && word.as_str() != program);
                    let input = match file {
                        Some(file) => {
                            self.note_input(file);
                            self.file_content(file, true)
                        }
                        None => stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL)),
                    };
                    if !crate::effects::environment::is_usual_helper(&program) {
                        self.effect("code.option", program.as_str());
                    }
                    self.script(&program, Some(&input));
                }
                Some(Value::default())
            }
            _ => None,
        }
    }

    #[expect(clippy::format_collect, reason = "short texts")]
    #[expect(
        clippy::too_many_lines,
        reason = "a list of cases read from top to bottom; splitting it would hide the order"
    )]
    fn printed(&mut self, call: &Call) -> Option<Value> {
        let taint = call.fields.iter().fold(Taint::NONE, |t, f| t.with(f.taint));
        let value = |text: String| Some(Value { text, taint });
        match call.name.as_str() {
            "echo" => {
                let mut words = call.arguments();
                let mut escapes = false;
                let mut newline = true;
                while let Some((first, rest)) = words.split_first() {
                    let letters = first
                        .strip_prefix('-')
                        .filter(|l| !l.is_empty() && l.bytes().all(|b| b"neE".contains(&b)));
                    let Some(letters) = letters else { break };
                    escapes |= letters.contains('e');
                    newline &= !letters.contains('n');
                    words = rest;
                }
                // What begins with something unknown may be one more option.
                let open = words.first().is_some_and(|first| {
                    first.contains(UNKNOWN)
                        && first.chars().all(|c| c == UNKNOWN || "-neE".contains(c))
                });
                let mut text = words.join(" ");
                if open && text.contains('\\') {
                    return value(UNKNOWN.to_string());
                }
                if open {
                    let rest = text.split_once(' ').map_or("", |(_, rest)| rest);
                    text = format!("{UNKNOWN}{rest}{UNKNOWN}");
                }
                if escapes {
                    text = decode::escapes(&text);
                }
                if newline {
                    text.push('\n');
                }
                value(text)
            }
            "printf" => {
                let mut words = call.arguments();
                if call.word(1) == "-v" {
                    words = words.get(2..).unwrap_or_default();
                } else if call.word(1) == "--" {
                    words = words.get(1..).unwrap_or_default();
                }
                let (format, arguments) = words.split_first()?;
                let text = super::printf::printf(format, arguments);
                if call.word(1) == "-v" {
                    let name = self.state.named(call.word(2)).to_owned();
                    let value = self.as_declared(&name, Value { text, taint });
                    self.state.set(&name, value);
                    return Some(Value::default());
                }
                value(text)
            }
            "basename" => value(format!(
                "{}\n",
                base_name(call.words.iter().skip(1).find(|w| !w.starts_with('-'))?)
            )),
            "dirname" => {
                let path = call.word(1);
                value(format!(
                    "{}\n",
                    path.trim_end_matches('/')
                        .rsplit_once('/')
                        .map_or(".", |(dir, _)| if dir.is_empty() { "/" } else { dir })
                ))
            }
            "realpath" | "readlink" => {
                let path = call.words.iter().skip(1).find(|w| !w.starts_with('-'))?;
                if path.contains(UNKNOWN) {
                    return Some(Value::unknown(taint));
                }
                value(format!("{}\n", self.resolve(path)))
            }
            "which" | "whereis" => {
                let name = call.words.iter().skip(1).find(|w| !w.starts_with('-'))?;
                value(format!("/usr/bin/{name}\n"))
            }
            "whoami" | "logname" => {
                Some(Value { text: format!("{}\n", self.ctx.user), taint: Taint::LOCAL })
            }
            "id" if call.words.len() == 2 && call.word(1) == "-un" => {
                value(format!("{}\n", self.ctx.user))
            }
            "mktemp" => value("/tmp/tmp.countersign\n".to_owned()),
            "arch" if call.words.len() == 1 => Some(Value::unknown(Taint::NONE)),
            "date" | "uname" | "nproc" | "tty" | "uuidgen" | "getconf" => {
                self.date(call);
                Some(Value::unknown(Taint::NONE))
            }
            "seq" if call.words.len() == 2 => {
                let last: usize = call.word(1).parse().ok().filter(|n| *n <= 64)?;
                value((1..=last).map(|n| format!("{n}\n")).collect())
            }
            _ => None,
        }
    }

    fn date(&mut self, call: &Call) {
        let sets = call.arguments().iter().any(|w| {
            w == "-s"
                || w.starts_with("--set")
                || (w.len() >= 8 && w.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        });
        if call.name == "date" && sets {
            self.effect("system.change", call.text());
        }
    }

    /// Standard input, or the files that are named.
    fn input(&mut self, call: &Call, stdin: Option<&Value>) -> Value {
        let numbers = |w: &str| w.bytes().all(|b| b.is_ascii_digit());
        let files: Vec<String> = call
            .arguments()
            .iter()
            .filter(|w| (!w.starts_with('-') || *w == "-") && !numbers(w))
            .cloned()
            .collect();
        if files.is_empty() {
            return stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL));
        }
        let mut all = Value::default();
        for file in &files {
            let part = if file == "-" || file == "/dev/stdin" {
                stdin.cloned().unwrap_or_default()
            } else {
                self.file_content(file, true)
            };
            all.push(&part);
        }
        all
    }

    pub(crate) fn outputs(&mut self, call: &Call, options: &[&str]) {
        for (at, word) in call.words.iter().enumerate().skip(1) {
            if options.contains(&word.as_str()) {
                let path = call.word(at + 1).to_owned();
                self.write_path(&path, WriteMode::Replace);
            } else if let Some((option, path)) = word.split_once('=')
                && options.contains(&option)
            {
                let path = path.to_owned();
                self.write_path(&path, WriteMode::Replace);
            }
        }
    }

    /// An option whose value is a program that the tool runs.
    pub(crate) fn program_option(&mut self, call: &Call, option: &str) {
        for (at, word) in call.words.iter().enumerate().skip(1) {
            let value = if word == option {
                Some(call.word(at + 1).to_owned())
            } else {
                word.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')).map(str::to_owned)
            };
            if let Some(program) = value {
                self.helper(&program);
            }
        }
    }

    /// A program that an ordinary tool is made to run.
    pub(crate) fn helper(&mut self, program: &str) {
        if !crate::effects::environment::is_usual_helper(program) {
            self.effect("code.option", program);
            let text = program.trim_start_matches(['|', '!']).to_owned();
            self.script(&text, None);
        }
    }
}

/// What `head` and `tail` let through, where their options are plain.
fn part_of(input: &Value, call: &Call) -> Value {
    let head = call.name == "head";
    let mut options = call.arguments().iter().filter(|w| w.starts_with('-') || is_number(w));
    let (mut unit, mut count) = ('n', Some(10));
    if let Some(first) = options.next() {
        let body = first.trim_start_matches('-');
        let (letter, attached) = match body.chars().next() {
            Some(c @ ('n' | 'c')) => (c, body.get(1..).unwrap_or_default()),
            _ => ('n', body),
        };
        unit = letter;
        let text =
            if attached.is_empty() { options.next().map_or("", String::as_str) } else { attached };
        count = text.parse::<usize>().ok();
    }
    let Some(count) = count.filter(|_| options.next().is_none()) else {
        return Value::unknown(input.taint);
    };
    let text: &str = &input.text;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let text = match (unit, head) {
        ('n', true) => lines.into_iter().take(count).collect(),
        ('n', false) => lines.iter().skip(lines.len().saturating_sub(count)).copied().collect(),
        (_, true) => text.get(..count.min(text.len())).map(str::to_owned).unwrap_or_default(),
        (_, false) => {
            text.get(text.len().saturating_sub(count)..).map(str::to_owned).unwrap_or_default()
        }
    };
    keep(input, text)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn keep(input: &Value, text: String) -> Value {
    Value { text, taint: input.taint }
}

#[expect(clippy::needless_pass_by_value, reason = "the caller is done with it")]
fn folded(input: Value, change: impl Fn(&str) -> String) -> Value {
    if input.is_known() {
        keep(&input, change(&input.text))
    } else {
        Value::unknown(input.taint.without(Taint::OWN))
    }
}

#[expect(clippy::similar_names, reason = "the words are what they are called")]
fn decode_with(input: &Value, decodes: bool, decoder: impl Fn(&str) -> Option<String>) -> Value {
    match decoder(&input.text).filter(|_| decodes && input.is_known()) {
        Some(text) => keep(input, text),
        None => Value::unknown(input.taint.with(Taint::LOCAL).without(Taint::OWN)),
    }
}
