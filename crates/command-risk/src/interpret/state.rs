//! What a shell knows at one moment: variables, functions, directory.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Removed here, so that it is certainly not set.
    Unset,
}

/// What a variable does with what is assigned to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// It stands for another one.
    Reference(String),
    Upper,
    Lower,
    Integer,
}

impl Variable {
    pub(crate) fn first(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::Array(values) => values.first().cloned().unwrap_or_default(),
            Self::Map(map) => map.get("0").cloned().unwrap_or_default(),
            Self::Unset => Value::default(),
        }
    }

    /// Whether it holds one that may be any number of them.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Scalar(value) => value.is_open(),
            Self::Array(values) => values.iter().any(Value::is_open),
            Self::Map(map) => map.values().any(Value::is_open),
            Self::Unset => false,
        }
    }

    /// How many bytes it takes, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Scalar(value) => size(value),
            Self::Array(values) => values.iter().map(size).sum(),
            Self::Map(map) => map.iter().map(|(key, value)| key.len() + 32 + size(value)).sum(),
            Self::Unset => 0,
        }
    }

    pub(crate) fn all(&self) -> Vec<Value> {
        match self {
            Self::Scalar(value) => vec![value.clone()],
            Self::Array(values) => values.clone(),
            Self::Map(map) => map.values().cloned().collect(),
            Self::Unset => Vec::new(),
        }
    }
}

/// Variables that are in everybody's environment, so that a new value is seen there too.
const ENVIRONMENT: &[&str] = &["HOME", "PATH", "USER", "LOGNAME", "SHELL", "TMPDIR", "PWD", "TERM"];

/// How many bytes a value takes, about.
fn size(value: &Value) -> usize {
    value.text.len() + 32
}

/// How many bytes variables take, about.
pub(crate) fn size_of_variables(variables: &BTreeMap<String, Variable>) -> usize {
    variables.iter().map(|(name, variable)| name.len() + 32 + variable.size()).sum()
}

/// What a shell knew before something that may not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Before {
    variables: BTreeMap<String, Variable>,
    positional: Option<Vec<Value>>,
}

/// A shell's state. Cloned for subshells.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) attributes: BTreeMap<String, Attribute>,
    /// What other programs get to see of the variables.
    pub(crate) exported: BTreeSet<String>,
    /// Inside a function: what its own variables hide.
    pub(crate) hidden: Option<Vec<(String, Option<Variable>)>>,
    /// None when not known.
    pub(crate) positional: Option<Vec<Value>>,
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
            attributes: BTreeMap::new(),
            exported: BTreeSet::new(),
            hidden: None,
            positional: Some(Vec::new()),
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            descriptors: BTreeMap::new(),
            cwd: Some(ctx.cwd.clone()),
            container: None,
            remote: false,
        }
    }

    /// What [`Self::join`] compares with.
    pub(crate) fn before(&self) -> Before {
        Before { variables: self.variables.clone(), positional: self.positional.clone() }
    }

    /// Whether nothing of it differs.
    pub(crate) fn is_as(&self, before: &Before) -> bool {
        self.variables == before.variables && self.positional == before.positional
    }

    /// The variable that a name stands for.
    pub(crate) fn named<'n>(&'n self, name: &'n str) -> &'n str {
        match self.attributes.get(name) {
            Some(Attribute::Reference(target)) => target,
            _ => name,
        }
    }

    /// What another shell begins with: the variables of its environment, and nothing that only
    /// this shell knows.
    pub(crate) fn of_child(&self) -> Self {
        let ordinary =
            |name: &String| self.exported.contains(name) || ENVIRONMENT.contains(&name.as_str());
        let mut child = self.clone();
        child
            .variables
            .retain(|name, variable| ordinary(name) && matches!(variable, Variable::Scalar(_)));
        child.attributes.clear();
        child.functions.retain(|name, _| self.exported.contains(&format!("{name}()")));
        child.aliases.clear();
        child.hidden = None;
        child
    }

    /// From here to the end of the function at hand, if any, the name is the function's own.
    pub(crate) fn make_local(&mut self, name: &str) {
        let before = self.variables.get(name).cloned();
        if let Some(hidden) = &mut self.hidden {
            hidden.push((name.to_owned(), before));
        }
    }

    /// How many bytes a copy takes, about.
    pub(crate) fn size(&self) -> usize {
        let positional: usize = self.positional.iter().flatten().map(size).sum();
        let functions: usize = self.functions.keys().map(|name| name.len() + 48).sum();
        let aliases: usize = self.aliases.iter().map(|(a, b)| a.len() + b.len() + 64).sum();
        let descriptors: usize = self.descriptors.values().map(size).sum();
        size_of_variables(&self.variables) + positional + functions + aliases + descriptors
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.variables.insert(name.to_owned(), Variable::Scalar(value));
    }

    /// The state after something that may or may not have happened: what differs is not known.
    pub(crate) fn join(&mut self, before: &Before) {
        if self.positional != before.positional {
            self.positional = None;
        }
        let before = &before.variables;
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
