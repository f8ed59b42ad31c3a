//! What the server names things by.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A name that is no id of this server; it is not quoted, since it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id as Mattermost makes them")]
pub(crate) struct InvalidId;

/// Ids stand in paths of requests, so nothing else passes.
fn legal(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if legal(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids!(
    /// Somebody with an account, or a bot.
    UserId,
    /// A team.
    TeamId,
    /// A channel, a group or a direct one.
    ChannelId,
    /// A post.
    PostId,
    /// An uploaded file.
    FileId,
    /// A slash command that is registered.
    CommandId
);

/// Absent things are empty texts on this wire.
pub(crate) fn or_nothing<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = InvalidId>,
{
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_lead_a_request_elsewhere_is_no_id() {
        assert!("f5k3qwpnmtb1ujx9zrbq4ysr7o".parse::<PostId>().is_ok());
        for text in ["", "..", "a/b", "a?b", "me:1", "a b", "ä", &"a".repeat(65)] {
            assert!(text.parse::<PostId>().is_err(), "{text}");
        }
    }
}
