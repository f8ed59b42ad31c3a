//! This installation's own secrets, in the forms in which a program may print them.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use regex::Regex;

/// Secrets shorter than this are too common as ordinary text to be masked by value.
const SHORTEST: usize = 8;

/// What a mask says of an own secret.
pub(super) const MARK: &str = "[secret of this gateway]";

/// Values that must not be shown.
pub(super) struct Own(RwLock<Arc<Held>>);

#[derive(Default)]
struct Held {
    /// Longest first.
    all: Vec<String>,
    /// Finds out in one go whether any of them is in a text; hardly any text holds one.
    any: Option<Regex>,
}

impl Own {
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let own = Self(RwLock::default());
        own.add(secrets);
        own
    }

    pub(super) fn add(&self, secrets: impl IntoIterator<Item = String>) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = held.all.clone();
        all.extend(secrets.into_iter().flat_map(|secret| forms(&secret)));
        // A secret that contains another must be masked first, or its rest would stay readable.
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        let any: Vec<_> = all.iter().map(|secret| regex::escape(secret)).collect();
        let any = Regex::new(&any.join("|")).ok();
        *held = Arc::new(Held { all, any });
    }

    /// Where they are in `text`; the places may overlap.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let held = self.held();
        let may_hold =
            !held.all.is_empty() && held.any.as_ref().is_none_or(|any| any.is_match(text));
        if !may_hold {
            return Vec::new();
        }
        let places = |secret: &String| {
            let ends = |(at, value): (usize, &str)| at..at + value.len();
            text.match_indices(secret.as_str()).map(ends).collect::<Vec<_>>()
        };
        held.all.iter().flat_map(places).collect()
    }

    /// Whether one of them is in `text`, in whatever capitals.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let held = self.held();
        if held.all.is_empty() {
            return false;
        }
        let text = text.to_ascii_lowercase();
        held.all.iter().any(|secret| text.contains(&secret.to_ascii_lowercase()))
    }

    /// How many there are, in all forms.
    pub(super) fn count(&self) -> usize {
        self.held().all.len()
    }

    fn held(&self) -> Arc<Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn forms(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST || MARK.contains(secret) {
        return Vec::new();
    }
    let mut forms = vec![secret.to_owned(), in_json(secret), in_url(secret)];
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|shift| base64(secret.as_bytes(), shift, alphabet)));
    }
    forms.extend([hexadecimal(secret), hexadecimal(secret).to_uppercase()]);
    forms
}

fn in_json(secret: &str) -> String {
    let text = serde_json::Value::from(secret).to_string();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(secret).to_owned()
}

fn in_url(secret: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let letter =
        |byte: u8| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    secret.bytes().map(letter).collect()
}

fn hexadecimal(secret: &str) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16);
    secret.bytes().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The letters of Base64 that follow from `bytes` alone when `shift` other bytes stand before them.
fn base64(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> String {
    let mut letters = String::new();
    let (mut bits, mut held) = (0_u32, shift * 8 % 6);
    // The letter that shares bits with what stands before is not known.
    let mut skip = usize::from(held > 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 6 {
            held -= 6;
            let letter = alphabet.get((bits >> held) as usize & 63).copied().unwrap_or(b'=');
            if skip > 0 {
                skip -= 1;
            } else {
                letters.push(char::from(letter));
            }
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_wherever_the_secret_stands() {
        // printf 'correct horse', 'xcorrect horse' and 'xxcorrect horse' | base64
        for (shift, whole) in
            ["Y29ycmVjdCBob3JzZQ==", "eGNvcnJlY3QgaG9yc2U=", "eHhjb3JyZWN0IGhvcnNl"]
                .iter()
                .enumerate()
        {
            let letters = base64(b"correct horse", shift, STANDARD);
            assert!(letters.len() >= 15 && whole.contains(&letters), "{shift}: {letters}");
        }
    }

    #[test]
    fn texts_escape_as_they_do_in_json_and_urls() {
        assert_eq!(in_json("a\"b\\c"), r#"a\"b\\c"#);
        assert_eq!(in_url("a b/ü"), "a%20b%2F%C3%BC");
    }
}
