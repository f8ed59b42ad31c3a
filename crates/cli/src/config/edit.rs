//! Changing one key of the file: comments and order stay, and what is written is what was meant.

use std::path::Path;
use std::str::FromStr as _;

use yaml_edit::path::YamlPath as _;
use yaml_edit::{Document, YamlFile};

use super::document::Node;
use super::keys::Keys;
use super::problem::{advice, is_secret};
use super::{Loaded, read_text, write_key};

/// Why a change is not made. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditError {
    /// The key does not exist.
    #[error("there is no key `{key}`{advice}")]
    UnknownKey {
        /// The key.
        key: String,
        /// What to write instead.
        advice: String,
    },
    /// The value is not YAML.
    #[error("`{0}` is not a YAML value: {1}")]
    Value(String, String),
    /// The file, or what it would become, cannot be used.
    #[error(transparent)]
    Config(#[from] super::ConfigError),
    /// The editor failed to do exactly this.
    #[error(
        "`{key}` cannot be changed in this file without risk to the rest of it ({why}); \
         edit the file by hand"
    )]
    Unsafe {
        /// The key.
        key: String,
        /// What went wrong.
        why: String,
    },
}

/// `text` with `path` set to `value`, which is YAML.
pub(crate) fn set(
    file: &Path,
    text: &str,
    path: &[String],
    value: &str,
) -> Result<(String, Loaded), EditError> {
    check_path(path)?;
    let shown = if is_secret(path) { "(not shown)" } else { value };
    let node = Node::parse_value(value)
        .map_err(|error| EditError::Value(shown.to_owned(), error.problem))?;
    let mut wanted = read_text(file, text, &[])?.written().clone();
    wanted.put(path, node);
    let edited = edit(text, path, |document, path| {
        let value = if value.trim().is_empty() { "''" } else { value };
        let value = Document::from_str(value).map_err(|error| error.to_string())?;
        document.try_set_path(path, value).map_err(|error| error.to_string())
    })?;
    verified(file, edited, path, &wanted)
}

/// `text` without `path`.
pub(crate) fn unset(
    file: &Path,
    text: &str,
    path: &[String],
) -> Result<(String, Loaded), EditError> {
    check_path(path)?;
    let loaded = read_text(file, text, &[])?;
    if loaded.written().at(path).is_none() {
        return Ok((text.to_owned(), loaded));
    }
    let mut wanted = loaded.written().clone();
    wanted.remove(path);
    let edited = edit(text, path, |document, path| {
        document.try_remove_path(path).map(drop).map_err(|error| error.to_string())
    })?;
    verified(file, edited, path, &wanted)
}

fn check_path(path: &[String]) -> Result<(), EditError> {
    Keys::new().check_path(path).map_err(|unknown| EditError::UnknownKey {
        key: write_key(&unknown.path),
        advice: advice(&unknown),
    })
}

fn edit(
    text: &str,
    path: &[String],
    change: impl FnOnce(&Document, &str) -> Result<(), String>,
) -> Result<String, EditError> {
    let refused = |why: String| EditError::Unsafe { key: write_key(path), why };
    if path.iter().any(|part| part.contains(['[', ']', '\\'])) {
        return Err(refused("a part of the key has brackets".to_owned()));
    }
    let escaped: Vec<String> = path.iter().map(|part| part.replace('.', "\\.")).collect();
    let path = escaped.join(".");
    let file = YamlFile::from_str(text).map_err(|error| refused(error.to_string()))?;
    if let Some(document) = file.documents().next() {
        change(&document, &path).map_err(refused)?;
        return Ok(file.to_string());
    }
    // Nothing but comments: they stay on top.
    let document = Document::from_str("").map_err(|error| refused(error.to_string()))?;
    change(&document, &path).map_err(refused)?;
    Ok(format!("{}\n\n{document}", text.trim_end()).trim_start().to_owned())
}

/// The edited text, if reading it gives exactly what was wanted.
fn verified(
    file: &Path,
    edited: String,
    path: &[String],
    wanted: &Node,
) -> Result<(String, Loaded), EditError> {
    let meant: Result<super::Config, _> = serde_json::from_value(wanted.to_json());
    let loaded = read_text(file, &edited, &[])?;
    if meant.is_ok_and(|meant| meant == loaded.config) {
        return Ok((edited, loaded));
    }
    Err(EditError::Unsafe {
        key: write_key(path),
        why: "the edited file would say something else".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{TEMPLATE, parse_key};

    fn set_in(text: &str, key: &str, value: &str) -> Result<String, EditError> {
        set(Path::new("c.yaml"), text, &parse_key(key).unwrap(), value).map(|(text, _)| text)
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# top\nmodel: # which\n  model: m # name\n\n# last\nruns:\n  max_working: 3\n";
        let edited = set_in(text, "model.model", "n").unwrap();
        assert_eq!(edited, text.replace("model: m #", "model: n #"));
        let edited = set_in(text, "approvals.mode", "off").unwrap();
        assert!(edited.starts_with(text), "{edited}");
        assert!(edited.ends_with("approvals:\n  mode: off\n"), "{edited}");
    }

    #[test]
    fn a_first_start_s_file_can_be_edited() {
        let edited = set_in(TEMPLATE, "approvals.deny", "['rm *', 'dd *']").unwrap();
        let edited = set_in(&edited, "approvals.timeout", "0").unwrap();
        let (edited, loaded) =
            set(Path::new("c.yaml"), &edited, &parse_key("model.provider").unwrap(), "openai")
                .unwrap();
        assert_eq!(loaded.config.approvals.deny.len(), 2);
        assert!(loaded.config.approvals.timeout.0.is_zero());
        let (edited, _) =
            unset(Path::new("c.yaml"), &edited, &parse_key("model.provider").unwrap()).unwrap();
        for line in TEMPLATE.lines().filter(|line| line.starts_with('#')) {
            assert!(edited.contains(line), "{line} in {edited}");
        }
    }

    #[test]
    fn an_unknown_key_and_a_bad_value_are_refused() {
        let unknown = set_in("", "approvals.mdoe", "off").unwrap_err().to_string();
        assert!(unknown.contains("did you mean `approvals.mode`?"), "{unknown}");
        let bad = set_in("", "approvals.mode", "sometimes").unwrap_err().to_string();
        assert!(bad.contains("`manual`"), "{bad}");
    }
}
