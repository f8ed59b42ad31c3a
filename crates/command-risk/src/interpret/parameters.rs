//! `$name` and `${name…}`.

use super::Machine;
use super::state::Variable;
use super::value::{Taint, UNKNOWN, Value};
use crate::parse::ast::{Operation, Parameter, Word};

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

impl Machine<'_> {
    /// The values of `$@`, `${a[@]}` and their like, each a word of its own.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
    pub(super) fn list_parameter(&mut self, parameter: &Parameter) -> Option<Vec<Value>> {
        let all = |word: &Word| matches!(word.parts.as_slice(), [crate::parse::ast::Part::Bare(t)] if t == "@" || t == "*");
        if parameter.length || parameter.indirect {
            return None;
        }
        let positional = matches!(parameter.name.as_str(), "@" | "*");
        if !positional && !parameter.index.as_ref().is_some_and(all) {
            return None;
        }
        let values = if positional {
            match &self.state.positional {
                Some(values) => values.clone(),
                None => vec![Value::unknown(Taint::VARIABLE)],
            }
        } else {
            self.state.variables.get(&parameter.name).map(Variable::all).unwrap_or_default()
        };
        match &parameter.operation {
            Operation::None => Some(values),
            Operation::Slice { offset, length } => {
                let (from, count) = self.slice_bounds(offset, length.as_ref())?;
                // `${@:1}` counts from the first positional parameter.
                let from = if positional { from.saturating_sub(1) } else { from };
                Some(values.into_iter().skip(from).take(count).collect())
            }
            operation => {
                let value = values.first().cloned().unwrap_or_default();
                Some(vec![self.operate(operation, value, &parameter.name)])
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds matter here")]
    pub(super) fn parameter(&mut self, parameter: &Parameter) -> Value {
        let set = self.lookup(parameter);
        if parameter.length {
            return match set {
                Some(value) if value.is_known() => {
                    Value::known(value.text.chars().count().to_string())
                }
                _ => Value { text: UNKNOWN.to_string(), taint: Taint::NONE },
            };
        }
        let set = if parameter.indirect { self.indirect(set) } else { set };
        match &parameter.operation {
            Operation::Default(word) | Operation::Assign(word) => {
                // Set elsewhere or not: what stands here is what can be judged.
                let default = self.word_value(word);
                let value = match set {
                    Some(value) if value.is_known() && !value.text.is_empty() => value,
                    Some(value) if !value.is_known() && value.taint != Taint::VARIABLE => value,
                    Some(_) | None => default,
                };
                if matches!(parameter.operation, Operation::Assign(_)) {
                    self.state.set(&parameter.name, value.clone());
                }
                value
            }
            Operation::Alternative(word) => {
                let value = self.word_value(word);
                match set {
                    Some(set) if set.text.is_empty() => Value::default(),
                    // Set elsewhere or not: a word that is no option may be another one without it.
                    None if !value.text.is_empty() && !value.text.starts_with('-') => {
                        Value::unknown(value.taint.with(Taint::VARIABLE))
                    }
                    Some(_) | None => value,
                }
            }
            operation => {
                let value = set.unwrap_or_else(|| Value::unknown(Taint::VARIABLE));
                self.operate(operation, value, &parameter.name)
            }
        }
    }

    fn indirect(&self, name: Option<Value>) -> Option<Value> {
        let name = name.filter(Value::is_known)?;
        self.variable(&name.text)
    }

    fn lookup(&mut self, parameter: &Parameter) -> Option<Value> {
        let Some(index) = &parameter.index else {
            return self.variable(&parameter.name);
        };
        let key = self.word_value(index);
        let variable = self.state.variables.get(&parameter.name)?;
        Some(match (variable, key.text.trim().parse::<usize>()) {
            (Variable::Array(values), Ok(at)) => values.get(at).cloned().unwrap_or_default(),
            (Variable::Map(map), _) if key.is_known() => {
                map.get(&key.text).cloned().unwrap_or_default()
            }
            (Variable::Scalar(value), Ok(0)) => value.clone(),
            _ => {
                let taint = variable.all().iter().fold(Taint::VARIABLE, |t, v| t.with(v.taint));
                Value::unknown(taint)
            }
        })
    }

    /// The value of a variable; what was not set here may have been set elsewhere.
    pub(crate) fn variable(&self, name: &str) -> Option<Value> {
        let name = self.state.references.get(name).map_or(name, String::as_str);
        if let Some(variable) = self.state.variables.get(name) {
            return Some(variable.first());
        }
        if let Ok(at) = name.parse::<usize>() {
            if at == 0 {
                return Some(Value::known("bash"));
            }
            return match &self.state.positional {
                Some(values) => Some(values.get(at - 1).cloned().unwrap_or_default()),
                None => Some(Value::unknown(Taint::VARIABLE)),
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
            "#" | "?" | "$" | "!" | "RANDOM" | "SECONDS" | "UID" | "EUID" | "LINENO"
            | "COLUMNS" | "LINES" | "PPID" | "SHLVL" | "EPOCHSECONDS" | "HOSTNAME" | "OSTYPE"
            | "HOSTTYPE" | "MACHTYPE" | "BASH_VERSION" => Value::unknown(Taint::NONE),
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

    fn operate(&mut self, operation: &Operation, value: Value, _name: &str) -> Value {
        let taint = value.taint;
        let text = match operation {
            Operation::None
            | Operation::Default(_)
            | Operation::Assign(_)
            | Operation::Alternative(_) => return value,
            Operation::RemovePrefix { pattern, longest } => {
                let pattern = self.word_value(pattern);
                known(&value, &pattern)
                    .and_then(|(text, pattern)| remove_prefix(text, pattern, *longest))
            }
            Operation::RemoveSuffix { pattern, longest } => {
                let pattern = self.word_value(pattern);
                known(&value, &pattern).and_then(|(text, pattern)| {
                    let reversed: String = text.chars().rev().collect();
                    let pattern: String = pattern.chars().rev().collect();
                    remove_prefix(&reversed, &pattern, *longest).map(|t| t.chars().rev().collect())
                })
            }
            Operation::Replace { pattern, with, all } => {
                let pattern = self.word_value(pattern);
                let with = self.word_value(with);
                known(&value, &pattern)
                    .filter(|(_, p)| {
                        with.is_known() && !p.contains(['*', '?', '[']) && !p.is_empty()
                    })
                    .map(|(text, pattern)| {
                        if *all {
                            text.replace(pattern, &with.text)
                        } else {
                            text.replacen(pattern, &with.text, 1)
                        }
                    })
            }
            Operation::Slice { offset, length } => {
                self.slice_bounds(offset, length.as_ref()).and_then(|(from, count)| {
                    value.is_known().then(|| value.text.chars().skip(from).take(count).collect())
                })
            }
            Operation::Upper { all } => value.is_known().then(|| recase(&value.text, *all, true)),
            Operation::Lower { all } => value.is_known().then(|| recase(&value.text, *all, false)),
            Operation::Required(word) => {
                self.walk(word);
                return value;
            }
            Operation::Transform(word) => {
                let operator = self.word_value(word).text;
                return self.transform(value, &operator);
            }
            Operation::Other(word) => {
                self.walk(word);
                None
            }
        };
        text.map_or_else(|| Value::unknown(taint), |text| Value { text, taint })
    }

    /// `${v@P}` and its like.
    fn transform(&mut self, value: Value, operator: &str) -> Value {
        let taint = value.taint;
        if !value.is_known() {
            return Value::unknown(taint);
        }
        match operator {
            "P" if value.text.contains(['$', '`']) => {
                // A prompt is expanded again.
                let text = format!("printf %s \"{}\"", value.text.replace('"', "\\\""));
                self.script(&text, None)
            }
            "P" | "Q" if !value.text.contains(['\'', ' ', '\n']) => value,
            "U" => Value { text: value.text.to_ascii_uppercase(), taint },
            "L" => Value { text: value.text.to_ascii_lowercase(), taint },
            "u" => Value { text: recase(&value.text, false, true), taint },
            "E" => Value { text: super::decode::escapes(&value.text), taint },
            _ => Value::unknown(taint),
        }
    }

    fn slice_bounds(&mut self, offset: &Word, length: Option<&Word>) -> Option<(usize, usize)> {
        let offset = self.word_value(offset).text.trim().parse::<usize>().ok();
        let length = match length {
            None => Some(usize::MAX),
            Some(word) => self.word_value(word).text.trim().parse::<usize>().ok(),
        };
        Some((offset?, length?))
    }
}

fn known<'v>(value: &'v Value, pattern: &'v Value) -> Option<(&'v str, &'v str)> {
    (value.is_known() && pattern.is_known() && value.text.len() < 4096)
        .then_some((&value.text, &pattern.text))
}

/// Patterns of one leading or trailing `*` and literal text; others are not followed.
fn remove_prefix(text: &str, pattern: &str, longest: bool) -> Option<String> {
    if let Some(stop) = pattern.strip_prefix('*') {
        if stop.contains(['*', '?', '[']) {
            return None;
        }
        let found = if longest { text.rfind(stop) } else { text.find(stop) };
        return Some(
            found.map_or(text, |at| text.get(at + stop.len()..).unwrap_or_default()).to_owned(),
        );
    }
    if pattern.contains(['*', '?', '[']) {
        let width = pattern.chars().all(|c| c == '?').then(|| pattern.chars().count())?;
        return Some(text.chars().skip(width).collect());
    }
    Some(text.strip_prefix(pattern).unwrap_or(text).to_owned())
}

fn recase(text: &str, all: bool, upper: bool) -> String {
    let change = |c: char| {
        if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    text.char_indices().map(|(at, c)| if all || at == 0 { change(c) } else { c }).collect()
}
