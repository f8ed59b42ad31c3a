//! What a shell knows at one moment: variables, functions, directory.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::{Taint, Value};
use crate::context::Context;
use crate::parse::ast::Node;

/// A variable: one value, or an array by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    Scalar(Value),
    Array(Vec<Value>),
    /// By key.
    Map(BTreeMap<String, Value>),
}

impl Variable {
    pub(crate) fn first(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::Array(values) => values.first().cloned().unwrap_or_default(),
            Self::Map(map) => map.get("0").cloned().unwrap_or_default(),
        }
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        match self {
            Self::Scalar(value) => vec![value.clone()],
            Self::Array(values) => values.clone(),
            Self::Map(map) => map.values().cloned().collect(),
        }
    }
}

/// A shell's state. Cloned for subshells.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) variables: BTreeMap<String, Variable>,
    /// None when not known.
    pub(crate) positional: Option<Vec<Value>>,
    /// Names that stand for other variables (`declare -n`).
    pub(crate) references: BTreeMap<String, String>,
    pub(crate) functions: BTreeMap<String, Rc<Node>>,
    pub(crate) aliases: BTreeMap<String, String>,
    /// Descriptors opened by `exec`, with what is known of what they hold.
    pub(crate) descriptors: BTreeMap<u32, Value>,
    /// The working directory; none when not known.
    pub(crate) cwd: Option<String>,
    /// Inside a container: which of its paths are which of this machine.
    pub(crate) container: Option<Vec<(String, String)>>,
    /// On another machine.
    pub(crate) remote: bool,
}

impl State {
    pub(crate) fn new(ctx: &Context) -> Self {
        Self {
            variables: BTreeMap::new(),
            positional: Some(Vec::new()),
            references: BTreeMap::new(),
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            descriptors: BTreeMap::new(),
            cwd: Some(ctx.cwd.clone()),
            container: None,
            remote: false,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), Variable::Scalar(value));
    }

    /// The state after something that may or may not have happened: what differs is not known.
    pub(crate) fn join(&mut self, before: &BTreeMap<String, Variable>) {
        for (name, value) in &mut self.variables {
            let same = before.get(name) == Some(value);
            if !same {
                let taint = value
                    .first()
                    .taint
                    .with(before.get(name).map_or(Taint::VARIABLE, |v| v.first().taint));
                *value = Variable::Scalar(Value::unknown(taint));
            }
        }
        for (name, value) in before {
            if !self.variables.contains_key(name) {
                self.variables
                    .insert(name.clone(), Variable::Scalar(Value::unknown(value.first().taint)));
            }
        }
    }
}
