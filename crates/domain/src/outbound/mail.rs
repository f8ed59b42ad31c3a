//! The parts of a mail that end up in its head: nothing in them can start another line.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A mailbox: `local@domain`, the domain in lowercase, without a display name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// The subject of a mail: one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

/// A text cannot stand in the head of a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMail {
    /// Not an address.
    #[error("`{0}` is not a mail address of the form `name@example.org`")]
    Address(String),
    /// Not one line.
    #[error("a subject is one line of at most {LONGEST_SUBJECT} bytes without control characters")]
    Subject,
    /// Not the name of a file.
    #[error("a file's name is one line without a directory")]
    FileName,
}

/// The longest address that a mail server must take (RFC 5321).
const LONGEST_ADDRESS: usize = 254;

/// As long as a line of a mail may be (RFC 5322).
const LONGEST_SUBJECT: usize = 998;

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidMail;

    fn from_str(text: &str) -> Result<Self, InvalidMail> {
        let given = text.trim();
        let parts = given.rsplit_once('@').filter(|(local, domain)| {
            given.len() <= LONGEST_ADDRESS && is_local(local) && is_domain(domain)
        });
        match parts {
            Some((local, domain)) => Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()))),
            None => Err(InvalidMail::Address(text.chars().take(80).collect())),
        }
    }
}

/// A dot-atom (RFC 5322): no quotes, no blanks, nothing that separates addresses.
fn is_local(text: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    text.len() <= 64 && text.split('.').all(atom)
}

fn is_domain(text: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.split('.').all(label)
}

impl Subject {
    /// The line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = InvalidMail;

    fn from_str(text: &str) -> Result<Self, InvalidMail> {
        // What ends a line for somebody is a control character or one of these two.
        let ends_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if text.len() > LONGEST_SUBJECT || text.chars().any(ends_line) {
            return Err(InvalidMail::Subject);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_head_can_start_another_line_or_name_another_recipient() {
        for text in [
            "a@b\r\nBcc: c@d.e",
            "a@b\nx",
            "a@b, c@d",
            "Ana <a@b>",
            "a b@c",
            "\"a b\"@c",
            "a@",
            "@b",
            "a",
            "a@-b",
            "a@b..c",
            "a..b@c",
            "a@b\u{0}",
            "ä@b",
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
        for text in ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\u{0}", "a\u{85}b", "a\u{2028}b"] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
        let address: EmailAddress = " Ana.B+x@Mail.Example ".parse().unwrap();
        assert_eq!(address.as_str(), "Ana.B+x@mail.example");
        assert_eq!("Grüße: 5 €".parse::<Subject>().unwrap().as_str(), "Grüße: 5 €");
    }
}
