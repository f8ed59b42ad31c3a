//! Assignments, and what variables make programs do.

use std::collections::BTreeMap;

use super::Machine;
use super::state::Variable;
use super::value::{Taint, Value};
use crate::parse::ast::{AssignedValue, Assignment, Word};

impl Machine<'_> {
    /// Assigns to the shell, or for one command only; then the values before are returned.
    pub(super) fn assign(&mut self, assignments: &[Assignment]) -> Vec<(String, Option<Variable>)> {
        let mut before = Vec::new();
        for assignment in assignments {
            let variable = self.assigned(assignment);
            let old = self.state.variables.insert(assignment.name.clone(), variable);
            before.push((assignment.name.clone(), old));
        }
        before
    }

    fn assigned(&mut self, assignment: &Assignment) -> Variable {
        let old = self.state.variables.get(&assignment.name).cloned();
        match &assignment.value {
            AssignedValue::Array(words) => {
                let mut values = if assignment.append {
                    old.map(|v| v.all()).unwrap_or_default()
                } else {
                    Vec::new()
                };
                if let Some(map) = self.keyed(words) {
                    return Variable::Map(map);
                }
                values.extend(self.fields(words).iter().map(|field| {
                    if field.glob { Value::unknown(Taint::NAMES) } else { field.value() }
                }));
                Variable::Array(values)
            }
            AssignedValue::Scalar(word) => {
                let mut value = self.word_value(word);
                if assignment.append
                    && let Some(old) = &old
                {
                    let mut sum = old.first();
                    sum.push(&value);
                    value = sum;
                }
                match &assignment.index {
                    None => Variable::Scalar(value),
                    Some(index) => self.element(index, value, old),
                }
            }
        }
    }

    fn element(&mut self, index: &Word, value: Value, old: Option<Variable>) -> Variable {
        let key = self.word_value(index);
        match (old, key.text.parse::<usize>()) {
            (Some(Variable::Array(mut values)), Ok(at)) if at < 1024 => {
                if at >= values.len() {
                    values.resize(at + 1, Value::default());
                }
                if let Some(slot) = values.get_mut(at) {
                    *slot = value;
                }
                Variable::Array(values)
            }
            (Some(Variable::Map(mut map)), _) => {
                map.insert(key.text, value);
                Variable::Map(map)
            }
            (_, Ok(at)) if at < 1024 => {
                let mut values = vec![Value::default(); at];
                values.push(value);
                Variable::Array(values)
            }
            _ => Variable::Map(BTreeMap::from([(key.text, value)])),
        }
    }

    /// `([key]=value …)`.
    fn keyed(&mut self, words: &[Word]) -> Option<BTreeMap<String, Value>> {
        let mut map = BTreeMap::new();
        for word in words {
            let value = self.word_value(word);
            let (key, value_text) = value.text.strip_prefix('[')?.split_once("]=")?;
            map.insert(key.to_owned(), Value { text: value_text.to_owned(), taint: value.taint });
        }
        (!map.is_empty()).then_some(map)
    }
}
