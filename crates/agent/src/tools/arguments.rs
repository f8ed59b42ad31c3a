//! What a tool accepts: one table that makes the JSON Schema, the checks and the error messages.

use std::collections::BTreeMap;

use countersign_domain::outbound::TOKEN_ARGUMENT;
use serde_json::{Map, Value, json};

/// A call cannot be understood; the text tells the model what is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ToolInputError(String);

impl ToolInputError {
    /// With these words for the model.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// What one argument must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A whole number between these.
    Integer(u64, u64),
    /// An object of texts.
    Texts,
    /// One text or several.
    TextOrList,
}

/// Whether an argument may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It may not.
    Required,
    /// It may.
    Optional,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) need: Need,
    pub(super) about: &'static str,
}

/// The arguments of one tool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub(super) tool: &'static str,
    pub(super) list: &'static [Parameter],
}

/// The argument of every tool that sends something. The gateway takes its value out before the call
/// is stored, and looks at it itself.
pub(super) const APPROVAL_TOKEN: Parameter = Parameter {
    name: TOKEN_ARGUMENT,
    kind: Kind::Text,
    need: Need::Optional,
    about: "Leave it out: a person is asked, and the gateway makes the grant.",
};

/// Arguments that have been checked against the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments<'a>(&'a Map<String, Value>);

impl Parameters {
    /// JSON Schema of the arguments.
    pub(super) fn schema(&self) -> Value {
        let property = |one: &Parameter| (one.name.to_owned(), one.schema());
        let properties: Map<String, Value> = self.list.iter().map(property).collect();
        let required = self.list.iter().filter(|one| one.need == Need::Required);
        json!({
            "type": "object",
            "properties": properties,
            "required": required.map(|one| one.name).collect::<Vec<_>>(),
            "additionalProperties": false,
        })
    }

    /// `given`, if it is what the tool accepts.
    pub(super) fn check<'a>(
        &self,
        given: &'a Map<String, Value>,
    ) -> Result<Arguments<'a>, ToolInputError> {
        for (name, value) in given {
            let known = self.list.iter().find(|one| one.name == name);
            let known = known.ok_or_else(|| {
                let name: String = name.chars().take(80).collect();
                self.error(&format!("has no argument `{name}`"))
            })?;
            let optional_null = known.need == Need::Optional && value.is_null();
            if !optional_null && !known.kind.admits(value) {
                let wanted = known.kind.words();
                return Err(self.error(&format!("needs {wanted} as `{}`", known.name)));
            }
        }
        let missing = self
            .list
            .iter()
            .find(|one| one.need == Need::Required && !given.contains_key(one.name));
        match missing {
            Some(missing) => Err(self.error(&format!("needs the argument `{}`", missing.name))),
            None => Ok(Arguments(given)),
        }
    }

    /// An error about a call of this tool that ends with what the tool accepts.
    pub(super) fn error(&self, problem: &str) -> ToolInputError {
        let accepted: Vec<String> = self.list.iter().map(Parameter::words).collect();
        ToolInputError(format!("`{}` {problem}; it accepts {}", self.tool, accepted.join(", ")))
    }
}

impl Parameter {
    fn schema(&self) -> Value {
        match self.kind {
            Kind::Text => json!({"type": "string", "description": self.about}),
            Kind::Integer(least, most) => json!({
                "type": "integer", "minimum": least, "maximum": most, "description": self.about,
            }),
            Kind::TextOrList => json!({
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                "description": self.about,
            }),
            Kind::Texts => json!({
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": self.about,
            }),
        }
    }

    fn words(&self) -> String {
        let need = match self.need {
            Need::Required => "required",
            Need::Optional => "optional",
        };
        format!("`{}` ({}, {need})", self.name, self.kind.words())
    }
}

impl Kind {
    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer(least, most) => {
                value.as_u64().is_some_and(|number| (least..=most).contains(&number))
            }
            Self::TextOrList => {
                value.is_string()
                    || value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
            }
            Self::Texts => {
                value.as_object().is_some_and(|object| object.values().all(Value::is_string))
            }
        }
    }

    fn words(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::TextOrList => "a text or a list of texts".to_owned(),
            Self::Texts => "an object of texts".to_owned(),
        }
    }
}

impl<'a> Arguments<'a> {
    /// A text; empty if it was left out.
    pub(super) fn text(self, name: &str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text, if one was given.
    pub(super) fn given(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// One text or several; empty if it was left out.
    pub(super) fn list(self, name: &str) -> Vec<&'a str> {
        match self.0.get(name) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                Vec::new()
            }
        }
    }

    /// A number, if it was given.
    pub(super) fn integer(self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// An object of texts; empty if it was left out.
    pub(super) fn texts(self, name: &str) -> BTreeMap<&'a str, &'a str> {
        let object = self.0.get(name).and_then(Value::as_object);
        let pairs = object.into_iter().flatten();
        pairs.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters = Parameters {
        tool: "t",
        list: &[
            Parameter { name: "a", kind: Kind::Text, need: Need::Required, about: "A." },
            Parameter { name: "n", kind: Kind::Integer(1, 9), need: Need::Optional, about: "N." },
        ],
    };
    const ACCEPTED: &str =
        "it accepts `a` (a text, required), `n` (a whole number from 1 to 9, optional)";

    #[test]
    fn what_is_wrong_is_named_with_what_is_accepted() {
        for (given, problem) in [
            (json!({}), "`t` needs the argument `a`"),
            (json!({"a": 1}), "`t` needs a text as `a`"),
            (json!({"a": null}), "`t` needs a text as `a`"),
            (json!({"a": "x", "n": 10}), "`t` needs a whole number from 1 to 9 as `n`"),
            (json!({"a": "x", "n": "1"}), "`t` needs a whole number from 1 to 9 as `n`"),
            (json!({"a": "x", "b": 1}), "`t` has no argument `b`"),
        ] {
            let error = PARAMETERS.check(given.as_object().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), format!("{problem}; {ACCEPTED}"));
        }
        let given = json!({"a": "x", "n": null});
        let arguments = PARAMETERS.check(given.as_object().unwrap()).unwrap();
        assert_eq!((arguments.text("a"), arguments.integer("n")), ("x", None));
    }
}
