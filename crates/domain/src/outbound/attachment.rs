//! Files that go with a mail. Their bytes are a part of the action: what was shown, hashed and
//! approved is what is sent, whatever becomes of the files meanwhile.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mail::InvalidMail;
use crate::digest::Digest;
use crate::redaction::Redactor;

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What it is called there.
    pub name: FileName,
    /// Where it was read: absolute, resolved. Judged like reading that file; not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// All of it, base64 in JSON.
    pub content: Content,
}

/// The name of a file, without a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName(String);

/// The bytes of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Vec<u8>);

/// An attachment as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownAttachment {
    /// What it is called.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// What it says, if it is a text; secrets are masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The longest name, in bytes: what file systems take.
const LONGEST_NAME: usize = 255;

impl Attachment {
    /// What it says, if it is a text.
    pub fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.content.0).ok()?;
        (!text.contains('\0')).then_some(text)
    }

    /// As people see it.
    pub fn shown(&self, redactor: &Redactor) -> ShownAttachment {
        ShownAttachment {
            name: redactor.redact(&self.name.0).into_owned(),
            size: self.content.0.len() as u64,
            digest: Digest::of(&self.content.0),
            text: self.text().map(|text| redactor.redact(text).into_owned()),
        }
    }
}

impl Content {
    /// These bytes.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.0.len())
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        // Padding and spare bits have one spelling here, so one content has one digest.
        STANDARD.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = InvalidMail;

    fn from_str(text: &str) -> Result<Self, InvalidMail> {
        let strange = |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}');
        if text.trim().is_empty() || text.len() > LONGEST_NAME || text.contains(strange) {
            return Err(InvalidMail::FileName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_one_spelling_and_reads_back() {
        for bytes in [&b""[..], b"a", b"ab", b"\0\xff\r\n", "Grüße".as_bytes()] {
            let content = Content::new(bytes.to_vec());
            let json = serde_json::to_string(&content).unwrap();
            assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
        }
        for other in [r#""YQ""#, r#""YR==""#, r#""YQ== ""#, r#""Y-""#] {
            assert!(serde_json::from_str::<Content>(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_name_is_one_name_and_no_path() {
        assert_eq!("Bericht 1.txt".parse::<FileName>().unwrap().as_str(), "Bericht 1.txt");
        for name in ["", " ", "a/b", "a\\b", "a\r\nb", "a\0", "a\u{2028}b"] {
            assert!(name.parse::<FileName>().is_err(), "{name:?}");
        }
    }
}
