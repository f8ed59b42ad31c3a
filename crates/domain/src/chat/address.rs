//! Where something is said.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longer names are nobody's.
const LONGEST: usize = 256;

/// Why a text names nothing on a platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct InvalidChatName {
    text: String,
    what: &'static str,
}

/// The name of a platform, such as `mattermost`: 1 to 32 of `a-z`, `0-9`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlatformName(String);

/// One bot on one platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

/// A chat, in the platform's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(String);

/// A thread of a chat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(String);

/// A message that a platform has taken or brought.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

/// Where something is said: a chat or a thread of it, as one bot sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// The chat.
    pub chat: ChatId,
    /// The thread; `None` for the chat itself.
    pub thread: Option<ThreadId>,
}

impl PlatformName {
    /// The platform that holders of API keys are on.
    pub fn api() -> Self {
        Self("api".to_owned())
    }

    /// The platform that the operator's terminal is on.
    pub fn terminal() -> Self {
        Self("terminal".to_owned())
    }

    /// The platform that service chats and operators' chats on a phone are on.
    pub fn whatsapp() -> Self {
        Self("whatsapp".to_owned())
    }

    /// Whether it is the gateway's own and no adapter may have the name.
    pub fn is_reserved(&self) -> bool {
        ["api", "terminal", "operator", "system"].contains(&self.as_str())
    }
}

impl Address {
    /// The address as one text, under which it is looked up.
    pub fn key(&self) -> String {
        let thread = self.thread.as_ref().map_or("", ThreadId::as_str);
        [self.platform.as_str(), self.account.as_str(), self.chat.as_str(), thread].join("\u{1f}")
    }
}

impl FromStr for PlatformName {
    type Err = InvalidChatName;

    fn from_str(text: &str) -> Result<Self, InvalidChatName> {
        let legal = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if (1..=32).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid(text, "the name of a platform"))
        }
    }
}

pub(super) fn invalid(text: &str, what: &'static str) -> InvalidChatName {
    InvalidChatName { text: text.chars().filter(|c| !c.is_control()).take(80).collect(), what }
}

macro_rules! names {
    ($($name:ident: $what:literal),*) => {$(
        impl FromStr for $name {
            type Err = InvalidChatName;

            fn from_str(text: &str) -> Result<Self, InvalidChatName> {
                let text = text.trim();
                if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
                    return Err(invalid(text, $what));
                }
                Ok(Self(text.to_owned()))
            }
        }
    )*};
}

names!(
    AccountId: "an account on a platform",
    ChatId: "a chat",
    ThreadId: "a thread",
    MessageId: "a message"
);

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
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

as_text!(PlatformName, AccountId, ChatId, ThreadId, MessageId);
