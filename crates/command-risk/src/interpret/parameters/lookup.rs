//! What a parameter is set to: variables, elements, positional and special parameters.

use crate::interpret::Machine;
use crate::interpret::state::Variable;
use crate::interpret::value::{Taint, UNKNOWN, Value};
use crate::parse::ast::Parameter;

/// A value that was found, and whether anything was set.
pub(super) struct Found {
    pub(super) value: Value,
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

impl Machine<'_> {
    /// What a parameter is set to: none when it was not set here, and may have been elsewhere.
    pub(super) fn looked_up(&mut self, parameter: &Parameter) -> Option<Found> {
        let found = self.lookup(parameter);
        if parameter.indirect { self.indirect(found) } else { found }
    }

    pub(super) fn lookup(&mut self, parameter: &Parameter) -> Option<Found> {
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
}

/// Whether a parameter counts as set; none where that is not known.
pub(super) fn presence(found: Option<&Found>, colon: bool) -> Option<bool> {
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
