//! `$name` and `${name…}`.

use super::Machine;
use super::glob::{End, Pattern};
use super::state::Variable;
use super::value::{Taint, UNKNOWN, Value};
use crate::parse::ast::{Operation, Parameter, Part, Word};

/// Names of variables that hold credentials.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "API_KEY",
        "APIKEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "CREDENTIAL",
        "PGPASS",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// What an expansion of several values yields.
pub(super) struct List {
    pub(super) values: Vec<Value>,
    /// Written with `*`: in quotes one word.
    pub(super) joined: bool,
}

impl Machine<'_> {
    /// The values of `$@`, `${a[@]}` and their like, each a word of its own.
    pub(super) fn list_parameter(&mut self, parameter: &Parameter) -> Option<List> {
        let star = |word: &Word| match word.parts.as_slice() {
            [Part::Bare(t)] if t == "@" => Some(false),
            [Part::Bare(t)] if t == "*" => Some(true),
            _ => None,
        };
        if parameter.length {
            return None;
        }
        let positional = matches!(parameter.name.as_str(), "@" | "*");
        let joined =
            if positional { parameter.name == "*" } else { star(parameter.index.as_ref()?)? };
        let values = if positional {
            match &self.state.positional {
                Some(values) => values.clone(),
                None => vec![Value::unknown(Taint::VARIABLE)],
            }
        } else if parameter.indirect {
            self.keys(&parameter.name)
        } else {
            match self.state.variables.get(self.state.named(&parameter.name)) {
                Some(variable) => variable.all(),
                None => vec![Value::unknown(Taint::VARIABLE)],
            }
        };
        let values = match &parameter.operation {
            Operation::Slice { offset, length } => {
                self.slice_of_list(values, positional, offset, length.as_ref())
            }
            Operation::Default(word) | Operation::Assign(word) if values.is_empty() => {
                vec![self.word_value(word)]
            }
            Operation::Alternative(word) if !values.is_empty() => vec![self.word_value(word)],
            Operation::None
            | Operation::Default(_)
            | Operation::Assign(_)
            | Operation::Alternative(_) => values,
            Operation::RemovePrefix { .. }
            | Operation::RemoveSuffix { .. }
            | Operation::Replace { .. }
            | Operation::Upper { .. }
            | Operation::Lower { .. }
            | Operation::Transform(_)
            | Operation::Required(_)
            | Operation::Other(_) => values
                .into_iter()
                .take(256)
                .map(|value| self.operate(&parameter.operation, value))
                .collect(),
        };
        Some(List { values, joined })
    }

    fn keys(&self, name: &str) -> Vec<Value> {
        match self.state.variables.get(self.state.named(name)) {
            Some(variable) if variable.is_open() => vec![Value::unknown(Taint::NONE)],
            Some(Variable::Array(values)) => {
                (0..values.len()).map(|at| Value::known(at.to_string())).collect()
            }
            Some(Variable::Map(map)) => map.keys().map(Value::known).collect(),
            Some(Variable::Scalar(_)) => vec![Value::known("0")],
            Some(Variable::Unset) => Vec::new(),
            None => vec![Value::unknown(Taint::VARIABLE)],
        }
    }

    fn slice_of_list(
        &mut self,
        mut values: Vec<Value>,
        positional: bool,
        offset: &Word,
        length: Option<&Word>,
    ) -> Vec<Value> {
        if positional {
            values.insert(0, self.variable("0").unwrap_or_default());
        }
        let taint = values.iter().fold(Taint::NONE, |t, v| t.with(v.taint));
        let open = values.iter().any(Value::is_open);
        match self.slice_bounds(values.len(), offset, length, false) {
            Some((from, to)) if !open => values.get(from..to).unwrap_or_default().to_vec(),
            _ => vec![Value::unknown(taint)],
        }
    }

    /// The values as one, with what `$IFS` begins with between them, or with blanks.
    pub(super) fn join_list(&self, list: &List) -> Value {
        let separator = if list.joined {
            self.separators().chars().next().map(String::from).unwrap_or_default()
        } else {
            " ".to_owned()
        };
        let mut out = Value::default();
        for (at, value) in list.values.iter().enumerate() {
            if at > 0 {
                out.push(&Value::known(separator.as_str()));
            }
            out.push(value);
        }
        out
    }

    /// The word of `${v:-word}` and `${v:+word}`, where it is what the expansion yields.
    pub(super) fn chosen<'p>(&mut self, parameter: &'p Parameter) -> Option<&'p Word> {
        let (Operation::Default(word) | Operation::Alternative(word)) = &parameter.operation else {
            return None;
        };
        if names_a_list(parameter) {
            return None;
        }
        let set = self.looked_up(parameter);
        let alternative = matches!(parameter.operation, Operation::Alternative(_));
        match presence(set.as_ref(), parameter.colon) {
            Some(present) => (present == alternative).then_some(word),
            // Set elsewhere or not: what stands here is what can be judged.
            None => (!alternative && set.is_none_or(|found| found.value.taint == Taint::VARIABLE))
                .then_some(word),
        }
    }

    /// What a parameter is set to: none when it was not set here, and may have been elsewhere.
    fn looked_up(&mut self, parameter: &Parameter) -> Option<Found> {
        let found = self.lookup(parameter);
        if parameter.indirect { self.indirect(found) } else { found }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
    pub(super) fn parameter(&mut self, parameter: &Parameter) -> Value {
        if parameter.length {
            return self.length(parameter);
        }
        if let Some(list) = self.list_parameter(parameter) {
            return self.join_list(&list);
        }
        let found = self.looked_up(parameter);
        let present = presence(found.as_ref(), parameter.colon);
        let value = found.map(|found| found.value);
        match &parameter.operation {
            Operation::Default(word) | Operation::Assign(word) => {
                // What is not taken does not run either.
                let default =
                    if present == Some(true) { Value::default() } else { self.word_value(word) };
                let value = match value {
                    Some(value) if present == Some(true) => value,
                    Some(value) if present.is_none() && value.taint != Taint::VARIABLE => value,
                    Some(_) | None => default,
                };
                if matches!(parameter.operation, Operation::Assign(_)) && present != Some(true) {
                    self.set_parameter(parameter, value.clone());
                }
                value
            }
            Operation::Alternative(word) => {
                if present == Some(false) {
                    return Value::default();
                }
                let alternative = self.word_value(word);
                match present {
                    Some(_) => alternative,
                    None => Value::unknown(Taint::VARIABLE.with(alternative.taint)),
                }
            }
            Operation::Transform(_) if present == Some(false) && !parameter.colon => {
                Value::default()
            }
            operation => {
                let value = value.unwrap_or_else(|| Value::unknown(Taint::VARIABLE));
                self.operate(operation, value)
            }
        }
    }

    fn set_parameter(&mut self, parameter: &Parameter, value: Value) {
        let name = self.state.named(&parameter.name).to_owned();
        let variable = match &parameter.index {
            None => Variable::Scalar(value),
            Some(index) => {
                let old = self.state.variables.get(&name).cloned();
                self.element(index, value, old)
            }
        };
        self.state.variables.insert(name, variable);
    }

    fn length(&mut self, parameter: &Parameter) -> Value {
        let unknown = Value { text: UNKNOWN.to_string(), taint: Taint::NONE };
        if names_a_list(parameter) {
            let count = if matches!(parameter.name.as_str(), "@" | "*") {
                self.state.positional.as_ref().map(Vec::len)
            } else {
                let name = self.state.named(&parameter.name);
                let values = self.state.variables.get(name).map(Variable::all);
                values.filter(|v| v.iter().all(Value::is_known)).map(|v| v.len())
            };
            return count.map_or(unknown, |n| Value::known(n.to_string()));
        }
        match self.lookup(parameter) {
            Some(found) if found.value.is_known() && !found.value.is_open() => {
                Value::known(found.value.text.chars().count().to_string())
            }
            _ => unknown,
        }
    }

    fn indirect(&self, name: Option<Found>) -> Option<Found> {
        let name = name.map(|found| found.value).filter(Value::is_known)?;
        let Some((name, index)) = name.text.split_once('[') else {
            return self.found(&name.text);
        };
        let index: usize = index.strip_suffix(']')?.parse().ok()?;
        match self.state.variables.get(name)? {
            Variable::Array(values) => values.get(index).cloned().map(Found::set),
            Variable::Scalar(_) | Variable::Map(_) | Variable::Unset => None,
        }
    }

    fn found(&self, name: &str) -> Option<Found> {
        if matches!(self.state.variables.get(self.state.named(name)), Some(Variable::Unset)) {
            return Some(Found { value: Value::default(), set: false });
        }
        if let (Ok(at), Some(values)) = (name.parse::<usize>(), &self.state.positional)
            && at > values.len()
            && !values.iter().any(Value::is_open)
        {
            return Some(Found { value: Value::default(), set: false });
        }
        self.variable(name).map(Found::set)
    }

    fn lookup(&mut self, parameter: &Parameter) -> Option<Found> {
        let Some(index) = &parameter.index else {
            return self.found(&parameter.name);
        };
        let name = self.state.named(&parameter.name).to_owned();
        if let Some(Variable::Map(map)) = self.state.variables.get(&name) {
            let map = map.clone();
            let key = self.word_value(index);
            return Some(if key.is_known() {
                map.get(&key.text).cloned().map_or_else(Found::unset, Found::set)
            } else {
                Found::set(Value::unknown(
                    map.values().fold(Taint::VARIABLE, |t, v| t.with(v.taint)),
                ))
            });
        }
        let key = self.word_value(index);
        let at = self.evaluate(&key.text);
        let variable = self.state.variables.get(&name)?;
        let values = variable.all();
        let Some(at) = at else {
            let taint = values.iter().fold(Taint::VARIABLE, |t, v| t.with(v.taint));
            return Some(Found::set(Value::unknown(taint)));
        };
        // Where one may be any number of them, no place is certain.
        let open = values.iter().any(Value::is_open);
        if open && !matches!((variable, at), (Variable::Scalar(_), 0)) {
            let taint = values.iter().fold(Taint::NONE, |t, v| t.with(v.taint));
            return Some(Found::set(Value::unknown(taint)));
        }
        let at = if at < 0 { at + i64::try_from(values.len()).unwrap_or(0) } else { at };
        let value = usize::try_from(at).ok().and_then(|at| values.get(at).cloned());
        Some(value.map_or_else(Found::unset, Found::set))
    }

    /// The value of a variable; what was not set here may have been set elsewhere.
    pub(crate) fn variable(&self, name: &str) -> Option<Value> {
        if let Some(variable) = self.state.variables.get(self.state.named(name)) {
            return Some(variable.first());
        }
        if let Ok(at) = name.parse::<usize>() {
            if at == 0 {
                return Some(Value::known("bash"));
            }
            return match &self.state.positional {
                // Behind one that may be any number of words no place is certain.
                Some(values) if !values.iter().take(at).any(Value::is_open) => {
                    Some(values.get(at - 1).cloned().unwrap_or_default())
                }
                Some(values) if at == 1 => values.first().cloned(),
                Some(_) | None => Some(Value::unknown(Taint::VARIABLE)),
            };
        }
        Some(match name {
            "HOME" => Value::known(self.ctx.home.clone()),
            "PWD" => {
                self.state.cwd.clone().map_or_else(|| Value::unknown(Taint::NONE), Value::known)
            }
            "USER" | "LOGNAME" => Value::known(self.ctx.user.clone()),
            "TMPDIR" => Value::known("/tmp"),
            "SHELL" | "BASH" => Value::known("/bin/bash"),
            "IFS" => Value::known(" \t\n"),
            "@" | "*" => self.joined_positional(),
            "#" => match &self.state.positional {
                Some(values)
                    if values.iter().all(Value::is_known) && !values.iter().any(Value::is_open) =>
                {
                    Value::known(values.len().to_string())
                }
                Some(_) | None => Value::unknown(Taint::NONE),
            },
            "?" | "$" | "!" | "RANDOM" | "SECONDS" | "UID" | "EUID" | "LINENO" | "COLUMNS"
            | "LINES" | "PPID" | "SHLVL" | "EPOCHSECONDS" | "HOSTNAME" | "OSTYPE" | "HOSTTYPE"
            | "MACHTYPE" | "BASH_VERSION" => Value::unknown(Taint::NONE),
            name if is_secret_name(name) => Value::unknown(Taint::VARIABLE.with(Taint::SECRET)),
            _ => return None,
        })
    }

    fn joined_positional(&self) -> Value {
        let Some(values) = &self.state.positional else {
            return Value::unknown(Taint::VARIABLE);
        };
        let mut joined = Value::default();
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                joined.push(&Value::known(" "));
            }
            joined.push(value);
        }
        joined
    }

    pub(super) fn operate(&mut self, operation: &Operation, value: Value) -> Value {
        let taint = value.taint;
        let known = value.is_known();
        let text = match operation {
            Operation::None
            | Operation::Default(_)
            | Operation::Assign(_)
            | Operation::Alternative(_) => return value,
            Operation::RemovePrefix { pattern, longest } => self
                .pattern(pattern)
                .filter(|_| known)
                .and_then(|p| p.remove(&value.text, End::Start, *longest)),
            Operation::RemoveSuffix { pattern, longest } => self
                .pattern(pattern)
                .filter(|_| known)
                .and_then(|p| p.remove(&value.text, End::Finish, *longest)),
            Operation::Replace { pattern, with, all } => self.replaced(&value, pattern, with, *all),
            Operation::Slice { offset, length } => {
                let count = value.text.chars().count();
                let known = known && !value.is_open();
                self.slice_bounds(count, offset, length.as_ref(), true).filter(|_| known).map(
                    |(from, to)| {
                        value.text.chars().skip(from).take(to.saturating_sub(from)).collect()
                    },
                )
            }
            Operation::Upper { pattern, all } => self.recased(&value, pattern, *all, true),
            Operation::Lower { pattern, all } => self.recased(&value, pattern, *all, false),
            Operation::Transform(word) => {
                let how = self.word_value(word).text;
                if how == "P" && known && value.text.contains(['$', '`']) {
                    // A prompt is expanded again.
                    let text = format!("printf %s \"{}\"", value.text.replace('"', "\\\""));
                    return self.script(&text, None);
                }
                transformed(&value.text, &how).filter(|_| known)
            }
            Operation::Required(word) => {
                self.walk(word);
                return value;
            }
            Operation::Other(word) => {
                self.walk(word);
                None
            }
        };
        text.map_or_else(|| Value::unknown(taint), |text| Value { text, taint })
    }

    fn replaced(
        &mut self,
        value: &Value,
        pattern: &Word,
        with: &Word,
        all: bool,
    ) -> Option<String> {
        // `/#` and `/%` hold on to an end; the mark is not part of the pattern.
        let mut pattern = pattern.clone();
        let mut end = None;
        if !all && let Some(Part::Bare(text)) = pattern.parts.first_mut() {
            end = match text.chars().next() {
                Some('#') => Some(End::Start),
                Some('%') => Some(End::Finish),
                _ => None,
            };
            if end.is_some() {
                text.remove(0);
            }
        }
        let pattern = self.pattern(&pattern);
        // An unquoted `&` is what was matched.
        let refers = with.parts.iter().any(|part| match part {
            Part::Bare(text) => text.contains('&'),
            Part::Quoted(_) => false,
            Part::Expansion { quoted, .. } => !quoted,
        });
        let with = self.word_value(with);
        if refers && with.text.contains('&') {
            return None;
        }
        pattern
            .filter(|_| value.is_known() && with.is_known())
            .and_then(|p| p.replace(&value.text, &with.text, all, end))
    }

    fn recased(&mut self, value: &Value, pattern: &Word, all: bool, upper: bool) -> Option<String> {
        if pattern.parts.is_empty() {
            return value.is_known().then(|| recase(&value.text, all, upper, None));
        }
        let pattern = self.pattern(pattern)?;
        value.is_known().then(|| recase(&value.text, all, upper, Some(&pattern)))
    }

    /// Where a slice begins and ends.
    fn slice_bounds(
        &mut self,
        count: usize,
        offset: &Word,
        length: Option<&Word>,
        from_end: bool,
    ) -> Option<(usize, usize)> {
        let offset = self.word_value(offset).text;
        let length = length.map(|word| self.word_value(word).text);
        let offset = if offset.trim().is_empty() { 0 } else { self.evaluate(&offset)? };
        let count = i64::try_from(count).ok()?;
        let from = if offset < 0 { offset + count } else { offset };
        if from < 0 || from > count {
            return Some((0, 0));
        }
        let to = match length {
            None => count,
            Some(text) => match if text.trim().is_empty() { 0 } else { self.evaluate(&text)? } {
                length if length >= 0 => from.saturating_add(length).min(count),
                length if from_end && count + length >= from => count + length,
                _ => return None,
            },
        };
        Some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
    }
}

/// A value that was found, and whether anything was set.
pub(super) struct Found {
    value: Value,
    set: bool,
}

impl Found {
    fn set(value: Value) -> Self {
        Self { value, set: true }
    }

    fn unset() -> Self {
        Self { value: Value::default(), set: false }
    }
}

/// Whether it is `$@`, `${a[*]}` or their like.
fn names_a_list(parameter: &Parameter) -> bool {
    matches!(parameter.name.as_str(), "@" | "*")
        || parameter.index.as_ref().is_some_and(
            |word| matches!(word.parts.as_slice(), [Part::Bare(t)] if t == "@" || t == "*"),
        )
}

/// Whether a parameter counts as set; none where that is not known.
fn presence(found: Option<&Found>, colon: bool) -> Option<bool> {
    let found = found?;
    if !found.set {
        return Some(false);
    }
    if !colon {
        // What holds something unknown may also not be set at all.
        let some = found.value.text.is_empty() || found.value.text.chars().any(|c| c != UNKNOWN);
        return (found.value.taint != Taint::VARIABLE || some).then_some(true);
    }
    if found.value.text.chars().any(|c| c != UNKNOWN) {
        return Some(true);
    }
    if found.value.text.is_empty() { Some(false) } else { None }
}

/// `${v@Q}` and its like; none where the result is not followed.
fn transformed(text: &str, how: &str) -> Option<String> {
    let plain = text.chars().all(|c| !c.is_control());
    match how {
        "U" => Some(recase(text, true, true, None)),
        "L" => Some(recase(text, true, false, None)),
        "u" => Some(recase(text, false, true, None)),
        "Q" if plain => Some(format!("'{}'", text.replace('\'', "'\\''"))),
        "E" => Some(super::decode::escapes(text)),
        "P" if plain && !text.contains(['\\', '!']) => Some(text.to_owned()),
        _ => None,
    }
}

fn recase(text: &str, all: bool, upper: bool, pattern: Option<&Pattern>) -> String {
    text.char_indices()
        .map(|(at, c)| {
            if (!all && at > 0) || !pattern.is_none_or(|p| p.matches_char(c)) {
                c
            } else if upper {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}
