//! `read` and `mapfile`: lines into variables.

use super::Machine;
use super::simple::Call;
use super::state::Variable;
use super::value::{Taint, UNKNOWN, Value};

/// What the options of `read` say.
#[derive(Default)]
struct Reading<'w> {
    names: Vec<&'w str>,
    raw: bool,
    array: Option<&'w str>,
    /// Up to here instead of the end of a line.
    delimiter: Option<&'w str>,
    /// Not as much as a line, or not certainly all of it.
    partial: bool,
}

impl<'w> Reading<'w> {
    fn of(words: &'w [String]) -> Self {
        let mut reading = Self::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) else {
                reading.names.push(word);
                continue;
            };
            for (at, letter) in letters.char_indices() {
                let mut value = || match letters.get(at + 1..) {
                    Some("") | None => words.next().unwrap_or_default(),
                    Some(rest) => rest,
                };
                match letter {
                    'r' => reading.raw = true,
                    'a' => reading.array = Some(value()),
                    'd' => reading.delimiter = Some(value()),
                    'n' | 'N' | 't' | 'u' => {
                        value();
                        reading.partial = true;
                    }
                    'p' | 'i' => {
                        value();
                    }
                    _ => continue,
                }
                if letter != 'r' {
                    break;
                }
            }
        }
        reading
    }
}

impl Machine<'_> {
    pub(super) fn read(&mut self, call: &Call, stdin: Option<&Value>) {
        let reading = Reading::of(call.arguments());
        let input = stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL));
        let taint = input.taint;
        let line = match reading.delimiter {
            Some("") => Some(input.text.trim_end_matches('\n').to_owned()),
            Some(_) => None,
            // More lines than one: which of them is read is not followed.
            None if input.text.lines().count() > 1 => None,
            None => Some(input.text.lines().next().unwrap_or_default().to_owned()),
        };
        let line = line.filter(|line| !reading.partial && (reading.raw || !line.contains('\\')));
        // What is unknown may end the line.
        let line = line.map(|mut line| {
            if let Some(at) = line.find(UNKNOWN)
                && reading.delimiter.is_none()
            {
                line.truncate(at + UNKNOWN.len_utf8());
            }
            line
        });
        let separators = self.separators();
        if let Some(array) = reading.array {
            let values = match line.filter(|l| !l.contains(UNKNOWN)) {
                Some(line) => split(&line, &separators, usize::MAX)
                    .into_iter()
                    .map(|text| Value { text, taint })
                    .collect(),
                None => vec![Value::unknown(taint.with(Taint::LOCAL))],
            };
            self.state.variables.insert(array.to_owned(), Variable::Array(values));
            return;
        }
        if reading.names.is_empty() {
            let value = line.map_or_else(|| Value::unknown(taint), |text| Value { text, taint });
            self.state.set("REPLY", value);
            return;
        }
        let names = reading.names.len();
        let line = line.filter(|line| names == 1 || !line.contains(UNKNOWN));
        let pieces = line.map(|line| split(&line, &separators, reading.names.len()));
        for (at, name) in reading.names.iter().enumerate() {
            let value = match &pieces {
                Some(pieces) => Value { text: pieces.get(at).cloned().unwrap_or_default(), taint },
                None => Value::unknown(taint.with(Taint::LOCAL)),
            };
            if super::wrappers::is_name(name) {
                let name = self.state.named(name).to_owned();
                let value = self.as_declared(&name, value);
                self.state.set(&name, value);
            }
        }
    }

    pub(super) fn mapfile(&mut self, call: &Call, stdin: Option<&Value>) {
        let (mut name, mut trims, mut plain, mut at) = ("MAPFILE", false, true, 1);
        while let Some(word) = call.words.get(at) {
            at += 1;
            match word.as_str() {
                "-t" => trims = true,
                "-C" => {
                    let text = call.word(at).to_owned();
                    self.script(&text, None);
                    at += 1;
                }
                "-d" | "-n" | "-O" | "-s" | "-u" | "-c" => {
                    plain = false;
                    at += 1;
                }
                _ if word.starts_with('-') => {}
                _ => name = word,
            }
        }
        let input = stdin.cloned().unwrap_or_else(|| Value::unknown(Taint::LOCAL));
        let taint = input.taint;
        let values = if plain && input.is_known() {
            input
                .text
                .split_inclusive('\n')
                .map(|line| if trims { line.trim_end_matches('\n') } else { line })
                .map(|line| Value { text: line.to_owned(), taint })
                .collect()
        } else {
            vec![Value::unknown(taint.with(Taint::LOCAL))]
        };
        self.state.variables.insert(name.to_owned(), Variable::Array(values));
    }
}

/// A line in at most `most` pieces; the last one is the rest of it as it stands.
fn split(line: &str, separators: &str, most: usize) -> Vec<String> {
    let blank = |c: char| c.is_ascii_whitespace() && separators.contains(c);
    let separates = |c: char| separators.contains(c);
    let mut rest = line.trim_matches(blank);
    let mut out = Vec::new();
    while !rest.is_empty() {
        if out.len() + 1 == most {
            // One separator at the end of what is left belongs to the last piece's end.
            let stripped = rest.strip_suffix(separates).filter(|s| !s.contains(separates));
            out.push(stripped.unwrap_or(rest).trim_end_matches(blank).to_owned());
            return out;
        }
        let end = rest.find(separates).unwrap_or(rest.len());
        out.push(rest.get(..end).unwrap_or_default().to_owned());
        let behind = rest.get(end..).unwrap_or_default().trim_start_matches(blank);
        let mut chars = behind.chars();
        rest = match chars.next() {
            Some(c) if separates(c) => chars.as_str().trim_start_matches(blank),
            _ => behind,
        };
    }
    out
}
