//! Who acts: principals, and the names they are known by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of an API key: 1 to 64 letters, digits, `-`, `_` or `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// Somebody who can ask and decide. Written `operator`, `api:NAME` or `platform:id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// The person at the gateway's own machine, or signed in to its web page.
    Operator,
    /// The holder of an API key.
    ApiKey(KeyName),
    /// A person on a chat platform.
    Platform {
        /// The platform's name, such as `mattermost`.
        platform: String,
        /// The person's immutable id there.
        id: String,
    },
}

/// Who did something: a principal, or the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The gateway: a deadline passed, a restart was recovered from.
    System,
    /// A person or a program.
    Principal(Principal),
}

/// Why a text is not a principal or a key name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrincipal {
    /// Not one of the three forms.
    #[error("`{0}` is not `operator`, `api:NAME` or `platform:id`")]
    Form(String),
    /// The name of a key has other characters, or too many.
    #[error("`{0}` is not a key name: use 1 to 64 letters, digits, `-`, `_` or `.`")]
    KeyName(String),
}

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidPrincipal> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPrincipal::KeyName(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::ApiKey(name) => write!(f, "api:{name}"),
            Self::Platform { platform, id } => write!(f, "{platform}:{id}"),
        }
    }
}

impl FromStr for Principal {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidPrincipal> {
        if text == "operator" {
            return Ok(Self::Operator);
        }
        let form = || InvalidPrincipal::Form(text.chars().take(80).collect());
        let (platform, id) = text.split_once(':').ok_or_else(form)?;
        if platform == "api" {
            return id.parse().map(Self::ApiKey);
        }
        let platform_legal = !platform.is_empty()
            && platform.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if !platform_legal || id.is_empty() || id.len() > 256 || id.chars().any(char::is_control) {
            return Err(form());
        }
        Ok(Self::Platform { platform: platform.to_owned(), id: id.to_owned() })
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Principal(principal) => principal.fmt(f),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidPrincipal> {
        match text {
            "system" => Ok(Self::System),
            other => other.parse().map(Self::Principal),
        }
    }
}

macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(KeyName, Principal, Actor);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_reads_back_what_it_prints() {
        for text in ["operator", "api:ci", "mattermost:4xp9f", "telegram:12345"] {
            assert_eq!(text.parse::<Principal>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_principal_is_refused() {
        for text in
            ["", "Operator", "api:", "api:a b", ":x", "Slack:U1", "slack:", "system", "slack:a\nb"]
        {
            assert!(text.parse::<Principal>().is_err(), "{text}");
        }
    }
}
