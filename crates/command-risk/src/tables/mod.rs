//! Data tables about tools: what their subcommands and options do.
//!
//! A table is a JSON object: `family`, `tools` (keys are names, several separated by commas), and
//! the short forms `plain` (tools that only read or compute) and `always` (effect id to tools that
//! always have it). The built-in tables stand in `tables/`; `tables/README.md` says how to write
//! one.

mod builtin;
mod matcher;
mod schema;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use matcher::{Arguments, Outcome};
pub(crate) use schema::Tool;

/// Why a table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Not JSON of the right shape.
    #[error("the table does not parse: {0}")]
    Shape(String),
    /// A rule is not written as `effect: pattern; pattern`.
    #[error("the rule `{rule}` of `{tool}` cannot be read")]
    Rule {
        /// The tool.
        tool: String,
        /// The rule.
        rule: String,
    },
    /// A rule names an effect that does not exist.
    #[error("`{effect}` in the table of `{tool}` is not an effect")]
    Effect {
        /// The tool.
        tool: String,
        /// The effect.
        effect: String,
    },
}

/// All tools that are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    tools: BTreeMap<String, Arc<Tool>>,
}

impl Tables {
    /// The tables that the crate comes with; a test holds that every one of them is read.
    pub(crate) fn builtin() -> Self {
        let mut tables = Self::default();
        for text in builtin::TEXTS {
            // A broken built-in table would leave its tools unknown, not allowed.
            if tables.add(text).is_err() {
                debug_assert!(false, "a built-in table is broken");
            }
        }
        tables
    }

    pub(crate) fn add(&mut self, text: &str) -> Result<(), TableError> {
        for (names, tool) in schema::read(text)? {
            let tool = Arc::new(tool);
            for name in names {
                self.tools.insert(name, Arc::clone(&tool));
            }
        }
        Ok(())
    }

    pub(crate) fn tool(&self, name: &str) -> Option<&Arc<Tool>> {
        self.tools.get(name).or_else(|| self.versioned(name)).or_else(|| self.cased(name))
    }

    /// `python3.12`, `gcc-13`, `mkfs.ext4`: a name with a version or a variant.
    fn versioned(&self, name: &str) -> Option<&Arc<Tool>> {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        if stem.len() != name.len()
            && !stem.is_empty()
            && let Some(tool) = self.tools.get(stem)
        {
            return Some(tool);
        }
        let (family, _) = name.split_once(['.', '_'])?;
        let joint = name.get(family.len()..family.len() + 1)?;
        self.tools.get(&format!("{family}{joint}*"))
    }

    /// Windows names are not case sensitive and may end in `.exe`.
    fn cased(&self, name: &str) -> Option<&Arc<Tool>> {
        let lower = name.to_ascii_lowercase();
        let stem =
            lower.strip_suffix(".exe").or_else(|| lower.strip_suffix(".cmd")).unwrap_or(&lower);
        if stem == name { None } else { self.tools.get(stem) }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.tools.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_table_is_read_and_they_know_at_least_600_tools() {
        for text in builtin::TEXTS {
            let read = schema::read(text);
            assert!(read.is_ok(), "{:?}", read.err());
        }
        assert!(Tables::builtin().len() >= 600, "{}", Tables::builtin().len());
    }

    /// The names in one object of JSON, also those that stand there twice.
    struct Names(Vec<String>);

    impl<'de> serde::Deserialize<'de> for Names {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Names;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Names, A::Error> {
                    let mut names = Vec::new();
                    while let Some((name, serde::de::IgnoredAny)) = map.next_entry()? {
                        names.push(name);
                    }
                    Ok(Names(names))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }

    #[derive(serde::Deserialize)]
    struct Keys {
        tools: Names,
    }

    #[test]
    fn no_tool_is_described_twice_in_the_built_in_tables() {
        let mut seen = std::collections::BTreeSet::new();
        for text in builtin::TEXTS {
            let keys: Keys = serde_json::from_str(text).unwrap();
            let short = schema::read(text).unwrap().into_iter().map(|(names, _)| names);
            // The short forms come first; the rest is counted from the text, where nothing is lost.
            let short = short.take(1 + always_of(text)).flatten();
            let long =
                keys.tools.0.iter().flat_map(|key| key.split(',')).map(|n| n.trim().to_owned());
            for name in short.chain(long) {
                assert!(seen.insert(name.clone()), "`{name}` is described twice");
            }
        }
    }

    fn always_of(text: &str) -> usize {
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        table.get("always").and_then(serde_json::Value::as_object).map_or(0, serde_json::Map::len)
    }

    #[test]
    fn a_table_with_an_unknown_effect_is_refused() {
        let text = r#"{"family":"x","tools":{"t":{"rules":["no.such: a"]}}}"#;
        assert!(matches!(Tables::default().add(text), Err(TableError::Effect { .. })));
    }
}
