//! A YAML document with the place of every value, so that errors can name it.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

/// More than any real configuration; bounds what aliases can blow a small file up to.
const MOST_NODES: usize = 20_000;

/// Larger files are refused before they are parsed.
pub(crate) const LARGEST_FILE: u64 = 1024 * 1024;

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) body: Body,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On this line of the file; 0 where that is not known.
    Line(u64),
    /// In an argument of the command line, given whole.
    Argument(String),
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is not a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotYaml {
    /// The line, where it is known.
    pub(crate) line: Option<u64>,
    /// What is wrong.
    pub(crate) problem: String,
}

impl Node {
    /// An empty mapping: what an empty file says.
    pub(crate) const fn empty() -> Self {
        Self { origin: Origin::Line(0), body: Body::Map(Vec::new()) }
    }

    /// The one document in `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, NotYaml> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            with_snippet: false,
            budget: serde_saphyr::budget! {
                max_nodes: MOST_NODES,
                max_aliases: 100,
                max_anchors: 100,
                max_depth: 32,
                max_documents: 1,
            },
        };
        match serde_saphyr::from_str_with_options::<Option<Self>>(text, options) {
            Ok(node) => Ok(node.unwrap_or_else(Self::empty)),
            Err(error) => Err(NotYaml {
                line: error.location().map(|at| at.line()).filter(|line| *line > 0),
                problem: in_plain_words(&error.to_string()),
            }),
        }
    }

    /// One value of whatever kind, as a `--set` argument has it; nothing is the empty text.
    pub(crate) fn parse_value(text: &str) -> Result<Self, NotYaml> {
        if text.trim().is_empty() {
            return Ok(Self::text(""));
        }
        Self::parse(text)
    }

    /// A text.
    pub(crate) fn text(text: &str) -> Self {
        Self { origin: Origin::Line(0), body: Body::Scalar(text.into()) }
    }

    /// The same value without places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.body {
            Body::Scalar(value) => value.clone(),
            Body::List(items) => items.iter().map(Self::to_json).collect(),
            Body::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.clone(), node.to_json()))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    /// The node at `path`, or the innermost one on the way to it that exists.
    pub(crate) fn nearest(&self, path: &[String]) -> &Self {
        let Some((first, rest)) = path.split_first() else {
            return self;
        };
        self.child(first).map_or(self, |child| child.nearest(rest))
    }

    /// The node at `path`.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Self> {
        match path.split_first() {
            None => Some(self),
            Some((first, rest)) => self.child(first)?.at(rest),
        }
    }

    fn child(&self, key: &str) -> Option<&Self> {
        match &self.body {
            Body::Scalar(_) => None,
            Body::List(items) => items.get(key.parse::<usize>().ok()?),
            Body::Map(entries) => {
                let found = entries.iter().find(|(name, _)| name == key);
                found.map(|(_, node)| node)
            }
        }
    }

    /// Puts `value` at `path`; what stands in the way and is no mapping is replaced.
    pub(crate) fn put(&mut self, path: &[String], value: Self) {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self.body, Body::Map(_)) {
            self.body = Body::Map(Vec::new());
        }
        let Body::Map(entries) = &mut self.body else {
            return;
        };
        if let Some((_, child)) = entries.iter_mut().find(|(name, _)| name == first) {
            child.put(rest, value);
            return;
        }
        let mut child = Self { origin: value.origin.clone(), body: Body::Map(Vec::new()) };
        child.put(rest, value);
        entries.push((first.clone(), child));
    }

    /// Takes away what stands at `path`, and mappings that are empty without it.
    pub(crate) fn remove(&mut self, path: &[String]) {
        let (Some((first, rest)), Body::Map(entries)) = (path.split_first(), &mut self.body) else {
            return;
        };
        if let Some((_, child)) = entries.iter_mut().find(|(name, _)| name == first) {
            child.remove(rest);
            if rest.is_empty() || child.body == Body::Map(Vec::new()) {
                entries.retain(|(name, _)| name != first);
            }
        }
    }

    /// Whether it is a mapping.
    pub(crate) const fn is_map(&self) -> bool {
        matches!(self.body, Body::Map(_))
    }

    /// Takes away keys with nothing after them, as they stand when all below is commented out.
    pub(crate) fn drop_empty_entries(&mut self) {
        if let Body::Map(entries) = &mut self.body {
            entries.retain(|(_, node)| node.body != Body::Scalar(Value::Null));
        }
    }

    /// The same value, said to come from a `--set` argument.
    pub(crate) fn marked_as(mut self, argument: &str) -> Self {
        self.mark(&Origin::Argument(argument.to_owned()));
        self
    }

    fn mark(&mut self, origin: &Origin) {
        self.origin = origin.clone();
        match &mut self.body {
            Body::Scalar(_) => {}
            Body::List(items) => items.iter_mut().for_each(|item| item.mark(origin)),
            Body::Map(entries) => entries.iter_mut().for_each(|(_, node)| node.mark(origin)),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Body>::deserialize(deserializer)?;
        Ok(Self { origin: Origin::Line(spanned.referenced.line()), body: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Body, E> {
        Ok(Body::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Body, E> {
        Ok(Body::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Body, E> {
        Ok(Body::Scalar(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Body, E> {
        let number = Number::from_f64(value);
        let number = number.ok_or_else(|| E::custom("this number cannot be used here"))?;
        Ok(Body::Scalar(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Body, E> {
        Ok(Body::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Body, E> {
        Ok(Body::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Body, E> {
        Ok(Body::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body, D::Error> {
        Body::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Body, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Body::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Body, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            let mut node: Node = entries.next_value()?;
            // A block begins below its key; people look for the key.
            node.origin = Origin::Line(key.referenced.line());
            map.push((key.value, node));
        }
        Ok(Body::Map(map))
    }
}

/// What the parser says, without its place, which is told beside, and without its own names.
fn in_plain_words(text: &str) -> String {
    let text = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if text.contains("Documents") {
        return "there is more than one document in it".to_owned();
    }
    if text.starts_with("budget breached") || text.contains("alias") {
        return "it is too large, too deep, or has too many aliases".to_owned();
    }
    let duplicate = text.split_once(", set DuplicateKeyPolicy").map(|(text, _)| text);
    duplicate.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn values_keep_their_lines() {
        let node = Node::parse("# c\na:\n  b: 1\n  c: [x, 2]\n").unwrap();
        assert_eq!(node.to_json(), json!({"a": {"b": 1, "c": ["x", 2]}}));
        assert_eq!(node.at(&path("a.b")).unwrap().origin, Origin::Line(3));
        assert_eq!(node.at(&path("a.c.1")).unwrap().origin, Origin::Line(4));
        assert_eq!(node.nearest(&path("a.b.z")).origin, Origin::Line(3));
    }

    #[test]
    fn the_words_off_and_no_are_words() {
        let node = Node::parse("a: off\nb: no\nc: true\nd: 0\n").unwrap();
        assert_eq!(node.to_json(), json!({"a": "off", "b": "no", "c": true, "d": 0}));
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "# only a comment\n", "---\n"] {
            assert_eq!(Node::parse(text).unwrap().to_json(), json!({}), "{text:?}");
        }
    }

    #[test]
    fn bombs_second_documents_and_doubled_keys_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let again = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.extend([format!("a{n}: &a{n} [{again}]\n")]);
        }
        for text in [&bomb, "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "a: [1\n"] {
            assert!(Node::parse(text).is_err(), "{text:.40}");
        }
    }

    #[test]
    fn putting_and_removing_make_and_clear_the_way() {
        let mut node = Node::empty();
        node.put(&path("a.b"), Node::parse("1").unwrap());
        assert_eq!(node.to_json(), json!({"a": {"b": 1}}));
        node.remove(&path("a.b"));
        assert_eq!(node.to_json(), json!({}));
    }
}
