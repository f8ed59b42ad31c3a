//! The channel directory: names that people give to destinations.

use std::collections::{BTreeMap, BTreeSet};

use super::destination::{Destination, InvalidDestination};

/// Names and what each may mean. Names are compared without regard to capitals and to a leading
/// `#` or `@`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    entries: BTreeMap<String, BTreeSet<Destination>>,
}

/// What a target means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Where it goes.
    pub destination: Destination,
    /// The name by which it was called, if it was.
    pub name: Option<String>,
}

/// A target means nothing, or more than one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Neither a destination nor a known name.
    #[error("the directory knows {}, and {problem}", or_nothing(.known))]
    Unknown {
        /// What is wrong with it.
        problem: InvalidDestination,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A name of a conversation for which only the platform would know the id.
    #[error("`{0}` is a name, and `outbound.directory` does not say which conversation it is")]
    Unlisted(Destination),
    /// Nothing is guessed.
    #[error("`{name}` is ambiguous, it may be {}; name one of them", candidates.join(" or "))]
    Ambiguous {
        /// The name.
        name: String,
        /// What it may be.
        candidates: Vec<String>,
    },
}

impl Directory {
    /// A directory of these names; one name may be given several times.
    pub fn new(entries: impl IntoIterator<Item = (String, Destination)>) -> Self {
        let mut directory = Self::default();
        for (name, destination) in entries {
            directory.entries.entry(folded(&name)).or_default().insert(destination);
        }
        directory
    }

    /// What `target` means: a name first, then a destination.
    pub fn resolve(&self, target: &str) -> Result<Resolved, Unresolved> {
        let name = target.trim();
        let found: Vec<&Destination> =
            self.entries.get(&folded(name)).into_iter().flatten().collect();
        match found.as_slice() {
            [] => {}
            [only] => {
                let name = Some(name.to_owned());
                return Ok(Resolved { destination: (*only).clone(), name });
            }
            several => {
                return Err(Unresolved::Ambiguous {
                    name: name.chars().take(80).collect(),
                    candidates: several.iter().map(|one| format!("`{one}`")).collect(),
                });
            }
        }
        let destination: Destination = name.parse().map_err(|problem| {
            let known = self.entries.keys().cloned().collect();
            Unresolved::Unknown { problem, known }
        })?;
        if destination.is_by_name() {
            return Err(Unresolved::Unlisted(destination));
        }
        Ok(Resolved { destination, name: None })
    }
}

fn folded(name: &str) -> String {
    let name = name.trim();
    let bare = name.strip_prefix(['#', '@']).unwrap_or(name);
    bare.to_lowercase()
}

fn or_nothing(names: &[String]) -> String {
    if names.is_empty() { "no names".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let entries = [
            ("Ops", "webhook:ops"),
            ("boss", "email:boss@example.org"),
            ("BOSS", "whatsapp:+4915112345678"),
            ("slack:#general", "slack:C0123"),
        ];
        Directory::new(entries.map(|(name, place)| (name.to_owned(), place.parse().unwrap())))
    }

    #[test]
    fn a_name_means_one_destination_or_is_an_error() {
        let resolve = |target: &str| directory().resolve(target);
        for target in ["ops", "OPS", "#ops", " @Ops "] {
            assert_eq!(resolve(target).unwrap().destination.as_str(), "webhook:ops", "{target}");
        }
        assert_eq!(resolve("slack:#general").unwrap().destination.as_str(), "slack:C0123");
        assert_eq!(resolve("slack:C9").unwrap().name, None);
        assert_eq!(
            resolve("boss").unwrap_err().to_string(),
            "`boss` is ambiguous, it may be `email:boss@example.org` or \
             `whatsapp:+4915112345678`; name one of them"
        );
        assert!(matches!(resolve("slack:#other"), Err(Unresolved::Unlisted(_))));
        let unknown = resolve("nobody").unwrap_err().to_string();
        assert!(
            unknown.starts_with("the directory knows `boss`, `ops`, `slack:#general`, and"),
            "{unknown}"
        );
    }
}
