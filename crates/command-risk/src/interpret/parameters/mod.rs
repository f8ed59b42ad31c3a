//! `$name` and `${name…}`.

mod lists;
mod lookup;
mod operations;

pub(crate) use lookup::is_secret_name;

use super::Machine;
use super::state::Variable;
use super::value::{Taint, UNKNOWN, Value};
use crate::parse::ast::{Operation, Parameter, Word};
use lists::names_a_list;
use lookup::presence;

impl Machine<'_> {
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
}
