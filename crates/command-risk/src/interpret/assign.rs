//! Assignments, and what variables make programs do.

use std::collections::BTreeMap;

use super::Machine;
use super::state::{Attribute, Variable};
use super::value::{Taint, Value};
use crate::parse::ast::{AssignedValue, Assignment, Part, Word};

impl Machine<'_> {
    /// Assigns to the shell, or for one command only; then the values before are returned.
    pub(super) fn assign(&mut self, assignments: &[Assignment]) -> Vec<(String, Option<Variable>)> {
        let mut before = Vec::new();
        for assignment in assignments {
            let variable = self.assigned(assignment);
            let name = self.state.named(&assignment.name).to_owned();
            let old = self.state.variables.insert(name.clone(), variable);
            before.push((name, old));
        }
        before
    }

    fn assigned(&mut self, assignment: &Assignment) -> Variable {
        let extends = assignment.append || assignment.index.is_some();
        let name = self.state.named(&assignment.name);
        // What is assigned to an array as a whole goes into its first place.
        let kept =
            |old: &&Variable| extends || matches!(old, Variable::Array(_) | Variable::Map(_));
        let old = self.state.variables.get(name).filter(kept).cloned();
        if !self.spend(old.as_ref().map_or(0, Variable::size)) {
            return Variable::Scalar(Value::unknown(Taint::VARIABLE));
        }
        match &assignment.value {
            AssignedValue::Array(words) => {
                let mut values = if assignment.append {
                    old.map(|v| v.all()).unwrap_or_default()
                } else {
                    Vec::new()
                };
                if !words.is_empty()
                    && let Some(map) = self.keyed(words)
                {
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
                    value = self.appended(assignment, old, &value);
                }
                let value = self.as_declared(&assignment.name, value);
                match &assignment.index {
                    None => match old {
                        // The name of an array alone is its first element.
                        Some(Variable::Array(mut values)) => {
                            match values.first_mut() {
                                Some(first) => *first = value,
                                None => values.push(value),
                            }
                            Variable::Array(values)
                        }
                        Some(Variable::Map(mut map)) => {
                            map.insert("0".to_owned(), value);
                            Variable::Map(map)
                        }
                        Some(Variable::Scalar(_) | Variable::Unset) | None => {
                            Variable::Scalar(value)
                        }
                    },
                    Some(index) => self.element(index, value, old),
                }
            }
        }
    }

    /// What `+=` makes of the value before.
    fn appended(&mut self, assignment: &Assignment, old: &Variable, value: &Value) -> Value {
        let mut sum = match &assignment.index {
            None => old.first(),
            Some(index) => {
                let key = self.word_value(index).text;
                match old {
                    Variable::Array(values) => self
                        .evaluate(&key)
                        .and_then(|at| values.get(usize::try_from(at).ok()?).cloned())
                        .unwrap_or_default(),
                    Variable::Map(map) => map.get(&key).cloned().unwrap_or_default(),
                    Variable::Scalar(_) | Variable::Unset => old.first(),
                }
            }
        };
        if self.state.attributes.get(&assignment.name) == Some(&Attribute::Integer) {
            sum.text.push('+');
        }
        sum.push(value);
        sum
    }

    /// A value as the attributes of the variable make it.
    pub(super) fn as_declared(&mut self, name: &str, value: Value) -> Value {
        let taint = value.taint;
        let text = match self.state.attributes.get(name) {
            None | Some(Attribute::Reference(_)) => return value,
            Some(Attribute::Upper) => value.text.to_ascii_uppercase(),
            Some(Attribute::Lower) => value.text.to_ascii_lowercase(),
            Some(Attribute::Integer) => match self.evaluate(&value.text) {
                Some(number) => number.to_string(),
                None => return Value::unknown(Taint::NONE),
            },
        };
        Value { text, taint }
    }

    pub(super) fn element(
        &mut self,
        index: &Word,
        value: Value,
        old: Option<Variable>,
    ) -> Variable {
        let key = self.word_value(index);
        let old = match old {
            Some(Variable::Scalar(value)) => Some(Variable::Array(vec![value])),
            Some(Variable::Unset) | None => None,
            other => other,
        };
        if let Some(Variable::Map(mut map)) = old {
            map.insert(key.text, value);
            return Variable::Map(map);
        }
        if old.as_ref().is_some_and(Variable::is_open) {
            // One that may be any number of them: no place is certain.
            return Variable::Array(vec![Value::unknown(Taint::VARIABLE.with(value.taint))]);
        }
        let count = old.as_ref().map_or(0, |v| v.all().len());
        let at = self
            .evaluate(&key.text)
            .map(|at| if at < 0 { at + i64::try_from(count).unwrap_or(0) } else { at });
        match (old, at.and_then(|at| usize::try_from(at).ok()).ok_or(())) {
            // A gap: what is listed later is not followed.
            (Some(Variable::Array(_)), Ok(at)) if at > count => {
                Variable::Array(vec![Value::unknown(Taint::LOCAL.with(value.taint))])
            }
            (Some(Variable::Array(mut values)), Ok(at)) if at < 1024 => {
                if at >= values.len() {
                    self.spend(32 * (at - values.len()));
                    values.resize(at + 1, Value::default());
                }
                if let Some(slot) = values.get_mut(at) {
                    *slot = value;
                }
                Variable::Array(values)
            }
            (None, Ok(0)) => Variable::Array(vec![value]),
            _ => Variable::Map(BTreeMap::from([(key.text, value)])),
        }
    }

    /// `([key]=value …)`.
    fn keyed(&mut self, words: &[Word]) -> Option<BTreeMap<String, Value>> {
        // What is no key is not looked at twice: it may count something.
        let keyed = |word: &Word| matches!(word.parts.first(), Some(Part::Bare(text)) if text.starts_with('['));
        if !words.iter().all(keyed) {
            return None;
        }
        let mut map = BTreeMap::new();
        for word in words {
            let value = self.word_value(word);
            let (key, value_text) = value.text.strip_prefix('[')?.split_once("]=")?;
            map.insert(key.to_owned(), Value { text: value_text.to_owned(), taint: value.taint });
        }
        (!map.is_empty()).then_some(map)
    }
}
