//! Reading: file, overrides, known keys, types, and what the sections say of their values.

use std::path::{Path, PathBuf};

use super::document::{LARGEST_FILE, Node};
use super::key_path::{parse_key, write_key};
use super::keys::Keys;
use super::{Config, ConfigError};

/// A configuration and where each value of it was written.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// What it says.
    pub(crate) config: Config,
    file: PathBuf,
    root: Node,
}

/// One `--set KEY=VALUE`.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    path: Vec<String>,
    value: Node,
}

impl Override {
    /// `KEY=VALUE` of a `--set`; the value is YAML.
    pub(crate) fn parse(pair: &str) -> Result<Self, ConfigError> {
        let argument = &format!("--set {pair}");
        let broken = |problem: String| ConfigError::argument(argument, problem);
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| broken("write KEY=VALUE, such as `approvals.mode=manual`".to_owned()))?;
        let path = parse_key(key).map_err(|error| broken(error.to_string()))?;
        let value = Node::parse_value(value)
            .map_err(|error| broken(format!("the value is not YAML: {}", error.problem)))?;
        Ok(Self { path, value: value.marked_as(argument) })
    }

    /// The address of a `--listen`.
    pub(crate) fn listen(address: &str) -> Self {
        Self {
            path: ["gateway", "listen"].map(str::to_owned).to_vec(),
            value: Node::text(address).marked_as(&format!("--listen {address}")),
        }
    }
}

/// Reads the configuration in `file` with `overrides` put over it.
pub(crate) fn load(file: &Path, overrides: &[Override]) -> Result<Loaded, ConfigError> {
    let text = std::fs::metadata(file).and_then(|metadata| {
        if metadata.len() > LARGEST_FILE {
            return Err(std::io::Error::other("larger than 1 MiB"));
        }
        std::fs::read_to_string(file)
    });
    let text = text.map_err(|error| ConfigError::file(file, format!("cannot be read: {error}")))?;
    read_text(file, &text, overrides)
}

/// The same for a text that is or will be in `file`.
pub(crate) fn read_text(
    file: &Path,
    text: &str,
    overrides: &[Override],
) -> Result<Loaded, ConfigError> {
    let mut root = Node::parse(text).map_err(|error| ConfigError::yaml(file, &error))?;
    if !root.is_map() {
        let what = "the file is no mapping; write sections such as `approvals:`";
        return Err(ConfigError::file(file, what));
    }
    root.drop_empty_entries();
    check_keys(file, &root)?;
    if !overrides.is_empty() {
        // What is wrong in the file is told even where an override would hide it.
        typed(file, &root)?;
        for one in overrides {
            root.put(&one.path, one.value.clone());
        }
        check_keys(file, &root)?;
    }
    let config = typed(file, &root)?;
    Ok(Loaded { config, file: file.to_owned(), root })
}

impl Loaded {
    /// The defaults: what an empty file says.
    pub(crate) fn defaults() -> Self {
        Self {
            config: Config::default(),
            file: PathBuf::from("built-in configuration"),
            root: Node::empty(),
        }
    }

    /// What is wrong with the value of `key`, in its place.
    pub(crate) fn problem(&self, key: &str, what: &str) -> ConfigError {
        // Some problems are about several keys of one section.
        if let Some((section, _)) = key.split_once('.').filter(|_| key.contains(", ")) {
            return ConfigError::section(
                &self.file,
                &self.root,
                section,
                &format!("{key}: {what}"),
            );
        }
        let path = parse_key(key).unwrap_or_else(|_| vec![key.to_owned()]);
        ConfigError::value(&self.file, &self.root, &path, what)
    }

    /// The file that it was read from.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The values that are written, without the defaults.
    pub(crate) fn written(&self) -> &Node {
        &self.root
    }
}

fn check_keys(file: &Path, root: &Node) -> Result<(), ConfigError> {
    Keys::new().check(root).map_err(|unknown| ConfigError::unknown(file, root, &unknown))
}

fn typed(file: &Path, root: &Node) -> Result<Config, ConfigError> {
    serde_path_to_error::deserialize(root.to_json()).map_err(|error| {
        let path: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
                serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                serde_path_to_error::Segment::Enum { variant } => Some(variant.clone()),
                serde_path_to_error::Segment::Unknown => None,
            })
            .collect();
        let what = in_plain_words(&error.inner().to_string(), &path);
        ConfigError::value(file, root, &path, &what)
    })
}

/// What the deserializer says, for people who know YAML and not serde.
fn in_plain_words(what: &str, path: &[String]) -> String {
    let quote = what.starts_with("invalid type: integer") && what.ends_with("expected a string");
    if quote || what.starts_with("invalid type: boolean") && what.ends_with("expected a string") {
        return format!(
            "it is read as a number or `true`/`false`; put it in quotes ({})",
            write_key(path)
        );
    }
    if what.contains("untagged enum RuleText") {
        return "write a pattern such as `git push *`, or a mapping of `kind`, `command`, \
                `destination` and `finding`"
            .to_owned();
    }
    if let Some((_, accepted)) =
        what.split_once("`, expected ").filter(|_| what.starts_with("unknown variant"))
    {
        return format!("accepted: {}", accepted.trim_start_matches("one of "));
    }
    // The deserializer names types of the program.
    let (found, expected) = what.split_once(", expected ").unwrap_or((what, ""));
    let found = found.replace("sequence", "a list").replace("invalid type: map", "a mapping");
    let found = found.trim_start_matches("invalid type: ").trim_start_matches("invalid value: ");
    match expected.split(' ').next() {
        Some("struct" | "map") => format!("{found}, but a mapping is expected"),
        Some("u16" | "u32" | "u64" | "usize") => {
            format!("{found}, but a whole number from 0 is expected")
        }
        Some("a" | "an") => format!("{found}, but {expected} is expected"),
        Some("sequence") => format!("{found}, but a list is expected"),
        Some(_) | None => what.to_owned(),
    }
}
