//! What is wrong with a configuration: where, which key, which value, what is accepted.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::document::{Body, Node, NotYaml, Origin};
use super::key_path::write_key;
use super::keys::UnknownKey;

/// A configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    place: String,
    problem: String,
}

impl ConfigError {
    /// The file as a whole.
    pub(crate) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self { place: path.display().to_string(), problem: problem.into() }
    }

    /// An argument of the command line.
    pub(crate) fn argument(argument: &str, problem: impl Into<String>) -> Self {
        Self { place: argument.to_owned(), problem: problem.into() }
    }

    /// The text is not YAML.
    pub(crate) fn yaml(path: &Path, error: &NotYaml) -> Self {
        let place = match error.line {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        };
        Self { place, problem: format!("not a YAML file that can be used: {}", error.problem) }
    }

    /// A key that does not exist.
    pub(crate) fn unknown(file: &Path, root: &Node, unknown: &UnknownKey) -> Self {
        let mut problem = format!("there is no key `{}`", write_key(&unknown.path));
        if let Some(node) = root.at(&unknown.path) {
            problem.extend([" (its value: ", &shown(&unknown.path, node), ")"]);
        }
        problem.push_str(&advice(unknown));
        Self { place: place(file, root, &unknown.path), problem }
    }

    /// Something in a section.
    pub(crate) fn section(file: &Path, root: &Node, section: &str, problem: &str) -> Self {
        Self { place: place(file, root, &[section.to_owned()]), problem: problem.to_owned() }
    }

    /// A value that cannot be used.
    pub(crate) fn value(file: &Path, root: &Node, path: &[String], what: &str) -> Self {
        let key = write_key(path);
        let problem = match root.at(path) {
            Some(_) if key.is_empty() => what.to_owned(),
            Some(node) => {
                let what = without_secret(path, what);
                format!("`{key}` cannot be {}: {what}", shown(path, node))
            }
            None => format!("`{key}`: {what}"),
        };
        Self { place: place(file, root, path), problem }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// What to write instead of a key that does not exist.
pub(crate) fn advice(unknown: &UnknownKey) -> String {
    let accepted = unknown.accepted.join("`, `");
    match (&unknown.nearest, accepted.is_empty()) {
        (Some(nearest), true) => format!("; did you mean `{nearest}`?"),
        (Some(nearest), false) => {
            format!("; did you mean `{nearest}`? Accepted here: `{accepted}`")
        }
        (None, true) => String::new(),
        (None, false) => format!("; accepted here: `{accepted}`"),
    }
}

fn place(file: &Path, root: &Node, path: &[String]) -> String {
    match &root.nearest(path).origin {
        Origin::Line(0) => file.display().to_string(),
        Origin::Line(line) => format!("{}:{line}", file.display()),
        Origin::Argument(argument) if is_secret(path) => {
            let key = argument.split('=').next().unwrap_or_default();
            format!("{key}=…")
        }
        Origin::Argument(argument) => argument.clone(),
    }
}

fn shown(path: &[String], node: &Node) -> String {
    if is_secret(path) {
        return "what is given (not shown)".to_owned();
    }
    match &node.body {
        Body::Scalar(Value::String(text)) => format!("`{text}`"),
        Body::Scalar(Value::Null) => "empty".to_owned(),
        Body::Scalar(value) => format!("`{value}`"),
        Body::List(_) => "this list".to_owned(),
        Body::Map(_) => "this mapping".to_owned(),
    }
}

/// Reading errors quote the value that they are about.
fn without_secret<'a>(path: &[String], what: &'a str) -> &'a str {
    let quoted = is_secret(path) && !is_address(path);
    if quoted { "it must be a text; put it in quotes" } else { what }
}

/// Whether the values at this key are never shown.
pub(crate) fn is_secret(path: &[String]) -> bool {
    let last = path.last().map_or("", String::as_str);
    let in_headers = path.iter().rev().nth(1).is_some_and(|above| above == "headers");
    let named = |word: &str| last == word || last.ends_with(&format!("_{word}"));
    let is_named = ["api_key", "secret", "password", "token"].into_iter().any(named);
    is_named || in_headers || is_address(path)
}

/// Whether the value is an address, which may hold a password. What is wrong with it never quotes it.
fn is_address(path: &[String]) -> bool {
    matches!(path, [section, key] if matches!(section.as_str(), "store" | "bus") && key == "url")
}
