//! Expansions of several values: `$@`, `${a[@]}` and their like.

use crate::interpret::Machine;
use crate::interpret::state::Variable;
use crate::interpret::value::{Taint, Value};
use crate::parse::ast::{Operation, Parameter, Part, Word};

/// What an expansion of several values yields.
pub(in crate::interpret) struct List {
    pub(in crate::interpret) values: Vec<Value>,
    /// Written with `*`: in quotes one word.
    pub(in crate::interpret) joined: bool,
}

impl Machine<'_> {
    /// The values of `$@`, `${a[@]}` and their like, each a word of its own.
    pub(in crate::interpret) fn list_parameter(&mut self, parameter: &Parameter) -> Option<List> {
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
    pub(in crate::interpret) fn join_list(&self, list: &List) -> Value {
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
}

/// Whether it is `$@`, `${a[*]}` or their like.
pub(super) fn names_a_list(parameter: &Parameter) -> bool {
    matches!(parameter.name.as_str(), "@" | "*")
        || parameter.index.as_ref().is_some_and(
            |word| matches!(word.parts.as_slice(), [Part::Bare(t)] if t == "@" || t == "*"),
        )
}
