//! The rules for well-known formats and places of secrets: `rules.txt`, read once.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::Kind;
use super::needs::Needs;

const TABLE: &str = include_str!("rules.txt");

/// The rest of a name, a sign of assignment, and an opening quote.
const IS: &str = r#"[A-Za-z0-9_. -]{0,24}\\?["']?[ \t]{0,3}(?:=>|:=|=|:)[ \t]{0,3}\\?["']?"#;

const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

/// At most so many characters of a format's own prefix are shown.
const MOST_SHOWN: usize = 4;

/// What one kind of secret looks like.
pub struct Rule {
    id: &'static str,
    what: &'static str,
    near: Vec<String>,
    source: String,
    needs: Needs,
    /// Says where a secret usually stands, but not that it is one.
    is_place: bool,
    pattern: OnceLock<Option<Regex>>,
}

/// Every rule, and the words that say which of them are worth trying.
pub(super) struct Rules {
    all: Vec<Rule>,
    near: Option<RegexSet>,
    /// For each word of `near`, the rule that it belongs to.
    owners: Vec<usize>,
}

/// The rules in the order of their table.
pub fn rules() -> &'static [Rule] {
    &RULES.all
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::read(TABLE));

/// What the rules find in `text`, in no order.
pub(super) fn find(text: &str, found: &mut Vec<(Range<usize>, Kind)>) {
    for rule in worth_trying(text) {
        rule.find(text, found);
    }
}

/// What the first rule finds that knows a secret for certain.
pub(super) fn first_found(text: &str) -> Option<&'static str> {
    let certain = worth_trying(text).into_iter().filter(|rule| !rule.is_place);
    let mut found = Vec::new();
    certain.into_iter().find_map(|rule| {
        rule.find(text, &mut found);
        (!found.is_empty()).then_some(rule.what)
    })
}

/// The rules of which a word is in `text`, in the order of the table.
fn worth_trying(text: &str) -> Vec<&'static Rule> {
    let rules: &'static Rules = &RULES;
    let words = rules.near.iter().flat_map(|near| near.matches(text));
    // The words of one rule are neighbours.
    let mut owners: Vec<usize> = words.filter_map(|word| rules.owners.get(word).copied()).collect();
    owners.dedup();
    owners.into_iter().filter_map(|owner| rules.all.get(owner)).collect()
}

impl Rule {
    /// Its name.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// What it finds, in words.
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Whether its pattern is one.
    pub fn is_sound(&self) -> bool {
        !self.id.is_empty()
            && !self.what.is_empty()
            && !self.near.is_empty()
            && self.pattern().is_some()
    }

    /// Whether it finds a secret in `text` whose word of `near` is there.
    pub fn finds(&self, text: &str) -> bool {
        let low = text.to_ascii_lowercase();
        let mut found = Vec::new();
        if self.near.iter().any(|word| low.contains(&word.to_ascii_lowercase())) {
            self.find(text, &mut found);
        }
        !found.is_empty()
    }

    fn pattern(&self) -> Option<&Regex> {
        let compile = || RegexBuilder::new(&self.source).unicode(false).build().ok();
        self.pattern.get_or_init(compile).as_ref()
    }

    fn find(&self, text: &str, found: &mut Vec<(Range<usize>, Kind)>) {
        let Some(pattern) = self.pattern() else { return };
        if pattern.captures_len() == 1 {
            let matches = pattern.find_iter(text).filter(|one| self.needs.met_by(one.as_str()));
            found.extend(matches.map(|one| (one.range(), self.kind_of(one.as_str()))));
            return;
        }
        for groups in pattern.captures_iter(text) {
            let group = groups.iter().skip(1).flatten().next();
            let kind = if group.is_some() { Kind::Place } else { Kind::Format(0) };
            let Some(secret) = group.or_else(|| groups.get(0)) else { continue };
            if self.needs.met_by(secret.as_str()) {
                found.push((secret.range(), kind));
            }
        }
    }

    /// How much of `secret` says only what kind of secret it is.
    fn kind_of(&self, secret: &str) -> Kind {
        let begins = |word: &&String| {
            secret.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
        };
        let shown = self.near.iter().filter(begins).map(String::len).max().unwrap_or(0);
        Kind::Format(shown.min(MOST_SHOWN))
    }
}

impl Rules {
    fn read(table: &'static str) -> Self {
        let lines = table.lines().filter(|line| !line.starts_with('#'));
        let mut rules: Vec<Rule> = Vec::new();
        for line in lines {
            if let Some(id) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                rules.push(Rule::named(id));
            } else if let (Some(rule), Some((key, value))) =
                (rules.last_mut(), line.split_once(' '))
            {
                rule.set(key, value.trim());
            }
        }
        let words = rules.iter().flat_map(|rule| rule.near.iter().map(|word| regex::escape(word)));
        let near = RegexSetBuilder::new(words).case_insensitive(true).unicode(false).build().ok();
        let owners = rules.iter().enumerate();
        let owners = owners.flat_map(|(n, rule)| rule.near.iter().map(move |_| n)).collect();
        Self { all: rules, near, owners }
    }
}

impl Rule {
    const fn named(id: &'static str) -> Self {
        Self {
            id,
            what: "",
            near: Vec::new(),
            source: String::new(),
            needs: Needs::Nothing,
            is_place: false,
            pattern: OnceLock::new(),
        }
    }

    /// Examples are for the tests, which read them from the same table.
    fn set(&mut self, key: &str, value: &'static str) {
        match key {
            "what" => self.what = value,
            "near" => {
                self.near = value.split(' ').map(|word| word.replace("\\s", " ")).collect();
            }
            "pattern" => self.source = value.replace("<is>", IS).replace("<uuid>", UUID),
            "kind" => self.is_place = value == "place",
            "needs" => self.needs = Needs::read(value),
            _ => {}
        }
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let keys = ["what", "kind", "near", "pattern", "needs", "yes", "no"];
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
            let key = line.split(' ').next().unwrap();
            assert!(keys.contains(&key), "{line}");
        }
        let blocks = TABLE.lines().filter(|line| line.starts_with('[')).count();
        let ids: BTreeSet<&str> = rules().iter().map(Rule::id).collect();
        assert_eq!((rules().len(), ids.len()), (blocks, blocks));
        assert!(RULES.near.is_some());
        for rule in rules() {
            assert!(rule.is_sound(), "{rule:?}");
            assert!(rule.needs != Needs::Unreadable, "{rule:?}");
        }
    }
}
