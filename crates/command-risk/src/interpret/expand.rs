//! Words to fields: quote removal, expansions, splitting.

use super::value::{Field, Taint, UNKNOWN, Value};
use super::{Machine, brace};
use crate::parse::ast::{Expansion, Part, Word};

/// Longer words are not searched for braces.
const MAX_BRACE_WORD: usize = 8_192;

impl Machine<'_> {
    /// The words of a command as it would get them. Globs are left as they are.
    pub(crate) fn fields(&mut self, words: &[Word]) -> Vec<Field> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            if self.exhausted() {
                break;
            }
            let before = out.len();
            if brace::is_too_much(word, MAX_BRACE_WORD) {
                self.effect("parse.too_much", "");
                self.field(word, &mut out);
            } else if let Some((alternatives, complete)) = brace::expand(word) {
                if !complete {
                    self.effect("parse.too_much", "");
                }
                for word in &alternatives {
                    if self.exhausted() {
                        break;
                    }
                    self.field(word, &mut out);
                }
            } else {
                self.field(word, &mut out);
            }
            self.spend(out.iter().skip(before).map(|field| field.text.len() + 32).sum());
        }
        out
    }

    fn field(&mut self, word: &Word, out: &mut Vec<Field>) {
        if let [Part::Bare(text)] = word.parts.as_slice() {
            let text = self.tilde(text, true);
            let glob = has_glob(&text);
            out.push(Field { text, glob, ..Field::default() });
            return;
        }
        let mut splitter = Splitter::new(self.separators());
        for (at, part) in word.parts.iter().enumerate() {
            match part {
                Part::Bare(text) => splitter.bare(&self.tilde(text, at == 0)),
                Part::Quoted(text) => splitter.quoted(&Value::known(text.as_str())),
                Part::Expansion { what, quoted } => {
                    self.expansion_field(what, *quoted, &mut splitter);
                }
            }
        }
        splitter.finish(out);
    }

    fn expansion_field(&mut self, what: &Expansion, quoted: bool, splitter: &mut Splitter) {
        if let Expansion::Parameter(parameter) = what
            && let Some(list) = self.list_parameter(parameter)
        {
            if !self.spend(list.values.iter().map(|value| value.text.len() + 32).sum()) {
                return;
            }
            if quoted && list.joined {
                let value = self.join_list(&list);
                return splitter.quoted(&value);
            }
            for (at, value) in list.values.iter().enumerate() {
                if at > 0 {
                    splitter.separate();
                }
                if quoted {
                    splitter.quoted(value);
                } else {
                    splitter.split(value);
                }
            }
            return;
        }
        if let Expansion::Parameter(parameter) = what
            && !quoted
            && let Some(word) = self.chosen(parameter)
        {
            return self.split_word(word, splitter);
        }
        let value = self.expansion(what);
        if quoted || matches!(what, Expansion::Process { .. }) {
            splitter.quoted(&value);
        } else {
            splitter.split(&value);
        }
    }

    /// The word of `${v:-word}`: what is quoted in it stays whole.
    fn split_word(&mut self, word: &Word, splitter: &mut Splitter) {
        for (at, part) in word.parts.iter().enumerate() {
            match part {
                Part::Bare(text) => {
                    splitter.split(&Value::known(self.tilde(text, at == 0)));
                }
                Part::Quoted(text) => splitter.quoted(&Value::known(text.as_str())),
                Part::Expansion { what, quoted } => {
                    self.expansion_field(what, *quoted, splitter);
                }
            }
        }
    }

    /// A word where it is not split: assignments, here-documents, targets.
    pub(crate) fn word_value(&mut self, word: &Word) -> Value {
        let mut value = Value::default();
        for (at, part) in word.parts.iter().enumerate() {
            if self.exhausted() {
                return Value::unknown(Taint::VARIABLE);
            }
            match part {
                Part::Bare(text) => value.push(&Value::known(self.tilde(text, at == 0))),
                Part::Quoted(text) => value.push(&Value::known(text.as_str())),
                Part::Expansion { what, .. } => {
                    let inner = self.expansion(what);
                    value.push(&inner);
                }
            }
        }
        self.spend(value.text.len());
        value
    }

    /// Everything in a word is followed, the result does not matter.
    pub(crate) fn walk(&mut self, word: &Word) {
        self.word_value(word);
    }

    pub(super) fn expansion(&mut self, what: &Expansion) -> Value {
        if !self.afford(1) {
            return Value::unknown(Taint::LOCAL);
        }
        match what {
            Expansion::Parameter(parameter) => self.parameter(parameter),
            Expansion::Command(body) => {
                let mut value = self.subshell(body, None);
                let trimmed = value.text.trim_end_matches('\n').len();
                value.text.truncate(trimmed);
                if value.text.is_empty() && value.taint != Taint::NONE {
                    value.text.push(UNKNOWN);
                }
                value
            }
            Expansion::Process { body, output } => {
                let path = format!("/dev/fd/{}", 63 + self.written.len());
                let stdin = output.then(|| Value::unknown(Taint::LOCAL));
                let content = self.subshell(body, stdin.as_ref());
                if !output {
                    self.written.insert(path.clone(), content);
                }
                Value::known(path)
            }
            Expansion::Arithmetic(parts) => self.arithmetic(parts),
        }
    }

    pub(super) fn arithmetic(&mut self, parts: &[Part]) -> Value {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Bare(t) | Part::Quoted(t) => text.push_str(t),
                Part::Expansion { what, .. } => text.push_str(&self.expansion(what).text),
            }
        }
        // Arithmetic yields a number, which cannot name a program or a path that matters.
        match if text.trim().is_empty() { Some(0) } else { self.evaluate(&text) } {
            Some(number) => Value::known(number.to_string()),
            None => Value { text: UNKNOWN.to_string(), taint: Taint::NONE },
        }
    }

    pub(super) fn separators(&self) -> String {
        match self.state.variables.get("IFS") {
            Some(super::state::Variable::Unset) | None => " \t\n".to_owned(),
            Some(value) => value.first().text,
        }
    }

    /// `~` at the beginning of a word.
    fn tilde(&self, text: &str, first: bool) -> String {
        let Some(rest) = text.strip_prefix('~').filter(|_| first) else {
            return match text.split_once("=~/").or_else(|| text.split_once(":~/")) {
                Some((head, tail)) if first && !head.contains('/') => {
                    format!("{head}={}/{tail}", self.ctx.home)
                }
                _ => text.to_owned(),
            };
        };
        let (user, path) =
            rest.split_once('/').map_or((rest, None), |(user, path)| (user, Some(path)));
        let home = match user {
            "" => self.home(),
            "+" => self.state.cwd.clone().unwrap_or_else(|| UNKNOWN.to_string()),
            "root" => "/root".to_owned(),
            name if name == self.ctx.user => self.ctx.home.clone(),
            name if name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') => {
                format!("/home/{name}")
            }
            _ => return text.to_owned(),
        };
        match path {
            Some(path) => format!("{home}/{path}"),
            None => home,
        }
    }

    pub(super) fn home(&self) -> String {
        self.state.variables.get("HOME").map_or_else(|| self.ctx.home.clone(), |v| v.first().text)
    }
}

pub(crate) fn has_glob(text: &str) -> bool {
    text.contains(['*', '?']) || (text.contains('[') && text.contains(']') && text.len() > 2)
}

/// Builds fields, splitting at the separators where values are unquoted.
struct Splitter {
    separators: String,
    fields: Vec<Field>,
    open: Option<Field>,
}

impl Splitter {
    fn new(separators: String) -> Self {
        Self { separators, fields: Vec::new(), open: None }
    }

    fn bare(&mut self, text: &str) {
        let field = self.open.get_or_insert_default();
        field.text.push_str(text);
        field.glob |= has_glob(text);
    }

    fn quoted(&mut self, value: &Value) {
        let field = self.open.get_or_insert_default();
        field.text.push_str(&value.text);
        field.taint = field.taint.with(value.taint);
    }

    fn bare_unknown(&mut self, taint: Taint) {
        let field = self.open.get_or_insert_default();
        field.text.push(UNKNOWN);
        field.open = true;
        field.taint = field.taint.with(taint);
    }

    fn separate(&mut self) {
        self.fields.extend(self.open.take());
    }

    fn split(&mut self, value: &Value) {
        if self.separators.contains(UNKNOWN) && !value.text.is_empty() {
            // Where it is split is not known, so neither are the words.
            return self.bare_unknown(value.taint);
        }
        let glob = has_glob(&value.text);
        // Blanks about another separator belong to it; without one they separate by themselves.
        let mut pending = false;
        for c in value.text.chars() {
            if self.separators.contains(c) {
                if c.is_ascii_whitespace() {
                    pending |= self.open.is_some();
                    self.separate();
                } else {
                    if !pending {
                        self.open.get_or_insert_default();
                    }
                    pending = false;
                    self.separate();
                }
            } else {
                pending = false;
                let field = self.open.get_or_insert_default();
                field.text.push(c);
                field.glob |= glob;
                field.open |= c == UNKNOWN;
                field.taint = field.taint.with(value.taint);
            }
        }
    }

    fn finish(mut self, out: &mut Vec<Field>) {
        self.separate();
        out.append(&mut self.fields);
    }
}
