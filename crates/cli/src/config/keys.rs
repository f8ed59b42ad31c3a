//! The keys that a configuration can have, as its JSON Schema says.

use schemars::Schema;
use serde_json::Value;

use super::Config;
use super::document::{Body, Node};

/// A key that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownKey {
    /// The whole key.
    pub(crate) path: Vec<String>,
    /// The known key that it resembles most.
    pub(crate) nearest: Option<String>,
    /// What there is at its place.
    pub(crate) accepted: Vec<String>,
}

/// The keys of [`Config`].
pub(crate) struct Keys {
    schema: Value,
}

impl Keys {
    /// The keys of this version.
    pub(crate) fn new() -> Self {
        Self { schema: schema().to_value() }
    }

    /// Nothing, or the first key of `node` that does not exist.
    pub(crate) fn check(&self, node: &Node) -> Result<(), UnknownKey> {
        self.check_below(node, &self.schema, &mut Vec::new())
    }

    /// Nothing, or why `path` is no key that can be set.
    pub(crate) fn check_path(&self, path: &[String]) -> Result<(), UnknownKey> {
        let mut place = &self.schema;
        for (depth, key) in path.iter().enumerate() {
            let way = path.get(..=depth).unwrap_or(path);
            place = match self.child(place, key) {
                Child::Known(child) => child,
                Child::Free => return Ok(()),
                Child::Unknown => return Err(self.unknown(place, way)),
            };
        }
        Ok(())
    }

    /// Every key that holds a value of its own, with dots, in the order of the sections.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(&self.schema, &mut Vec::new(), &mut found);
        found
    }

    fn check_below(
        &self,
        node: &Node,
        place: &Value,
        path: &mut Vec<String>,
    ) -> Result<(), UnknownKey> {
        let Body::Map(entries) = &node.body else {
            return Ok(());
        };
        for (key, child) in entries {
            path.push(key.clone());
            match self.child(place, key) {
                Child::Known(place) => self.check_below(child, place, path)?,
                Child::Free => {}
                Child::Unknown => return Err(self.unknown(place, path)),
            }
            path.pop();
        }
        Ok(())
    }

    fn unknown(&self, place: &Value, path: &[String]) -> UnknownKey {
        let accepted = self.names(place);
        let written = path.join(".");
        let (above, last) = match path.split_last() {
            Some((last, above)) => (above.join("."), last.as_str()),
            None => (String::new(), ""),
        };
        let beside = nearest(last, accepted.iter().map(String::as_str))
            .map(|name| if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") });
        let everywhere = || {
            let all = self.all();
            let same_end = all.iter().find(|key| key.rsplit('.').next() == Some(last)).cloned();
            same_end
                .or_else(|| nearest(&written, all.iter().map(String::as_str)).map(str::to_owned))
        };
        UnknownKey { path: path.to_vec(), nearest: beside.or_else(everywhere), accepted }
    }

    fn child<'a>(&'a self, place: &'a Value, key: &str) -> Child<'a> {
        for object in self.objects(place) {
            if let Some(child) = object.get("properties").and_then(|known| known.get(key)) {
                return Child::Known(child);
            }
            match object.get("additionalProperties") {
                Some(Value::Bool(false)) => {}
                Some(child @ Value::Object(_)) => return Child::Known(child),
                Some(_) => return Child::Free,
                None if object.get("properties").is_none() => return Child::Free,
                None => {}
            }
        }
        // A scalar takes no keys; the typed reading says so better than "unknown key".
        if self.names(place).is_empty() { Child::Free } else { Child::Unknown }
    }

    /// The schemas that `place` can be, with references followed.
    fn objects<'a>(&'a self, place: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![place];
        if let Some(target) = self.target(place) {
            found.extend(self.objects(target));
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            let choices = place.get(choice).and_then(Value::as_array);
            for choice in choices.into_iter().flatten() {
                found.extend(self.objects(choice));
            }
        }
        found.retain(|schema| {
            schema.get("properties").is_some() || schema.get("additionalProperties").is_some()
        });
        found
    }

    fn target(&self, place: &Value) -> Option<&Value> {
        let reference = place.get("$ref")?.as_str()?;
        self.schema.pointer(reference.strip_prefix('#')?)
    }

    fn names(&self, place: &Value) -> Vec<String> {
        let objects = self.objects(place);
        let properties = objects.iter().filter_map(|object| object.get("properties")?.as_object());
        let mut names: Vec<String> = properties.flat_map(|known| known.keys().cloned()).collect();
        // Whether a JSON object keeps its order depends on what else is in the build.
        names.sort();
        names
    }

    fn collect(&self, place: &Value, path: &mut Vec<String>, found: &mut Vec<String>) {
        let names = self.names(place);
        if names.is_empty() || is_list(place) {
            if !path.is_empty() {
                found.push(path.join("."));
            }
            return;
        }
        for name in names {
            if let Child::Known(child) = self.child(place, &name) {
                path.push(name);
                self.collect(child, path, found);
                path.pop();
            }
        }
    }
}

enum Child<'a> {
    Known(&'a Value),
    Free,
    Unknown,
}

fn is_list(place: &Value) -> bool {
    place.get("type").and_then(Value::as_str) == Some("array")
}

/// The JSON Schema of the configuration, for editors.
pub(crate) fn schema() -> Schema {
    schemars::schema_for!(Config)
}

/// The candidate with the fewest edits, if it is close enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let near =
        candidates.into_iter().map(|candidate| (distance(word, candidate), candidate)).min()?;
    (near.0 <= word.chars().count().max(3) / 3 + 1).then_some(near.1)
}

/// Edits between two words: insert, remove, replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((right, above), diagonal) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let replaced = diagonal + usize::from(left != *right);
            let beside = next.last().copied().unwrap_or(i + 1);
            next.push(replaced.min(above + 1).min(beside + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_one_with_the_fewest_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("mdoe", ["mode", "timeout"]), Some("mode"));
        assert_eq!(nearest("entirely_different", ["mode", "timeout"]), None);
    }

    #[test]
    fn every_section_is_known() {
        let all = Keys::new().all();
        for key in [
            "approvals.mode",
            "approvals.deny",
            "agent.workspace",
            "model.base_url",
            "outbound.http.allow_hosts",
            "security.redact_secrets",
            "runs.max_working",
            "gateway.listen",
            "store.url",
            "nodes.lease_ttl",
            "bus.url",
            "retention.runs",
        ] {
            assert!(all.iter().any(|known| known == key), "{key} in {all:?}");
        }
    }

    #[test]
    fn free_names_are_accepted_where_names_are_free() {
        let keys = Keys::new();
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(keys.check_path(&path("model.headers.x-title")), Ok(()));
        assert_eq!(keys.check_path(&path("risk.self.guard.cli")), Ok(()));
        let unknown = keys.check_path(&path("aprovals.mode")).unwrap_err();
        assert_eq!(unknown.nearest.as_deref(), Some("approvals"));
        let unknown = keys.check_path(&path("approvals.mdoe")).unwrap_err();
        assert_eq!(unknown.nearest.as_deref(), Some("approvals.mode"));
    }
}
