//! Where a message goes, in the one spelling that grants and rules are compared by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mail::EmailAddress;

/// One destination in its canonical spelling: `platform:chat[:thread]`, `email:address` or
/// `webhook:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination(String);

/// The parts of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A conversation on a chat platform.
    Chat {
        /// The platform.
        platform: &'a str,
        /// The conversation there.
        chat: &'a str,
        /// A thread in it.
        thread: Option<&'a str>,
    },
    /// A mailbox.
    Email(&'a str),
    /// A configured webhook.
    Webhook(&'a str),
}

/// The name of a configured webhook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebhookName(String);

/// A text is not a destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a destination: write `platform:chat`, `platform:chat:thread`, `email:address`, \
     `webhook:NAME`, a phone number with its country code, or a name of `outbound.directory`"
)]
pub struct InvalidDestination(String);

/// The longest destination, in bytes.
const LONGEST: usize = 512;

/// The longest name of a platform or a webhook, in bytes.
const LONGEST_NAME: usize = 64;

/// The platform whose addresses may be phone numbers and JIDs.
const WHATSAPP: &str = "whatsapp";

impl Destination {
    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts.
    pub fn place(&self) -> Place<'_> {
        // What was parsed has a colon, and its parts have none.
        let (kind, rest) = self.0.split_once(':').unwrap_or_default();
        match kind {
            "email" => Place::Email(rest),
            "webhook" => Place::Webhook(rest),
            platform => match rest.split_once(':') {
                Some((chat, thread)) => Place::Chat { platform, chat, thread: Some(thread) },
                None => Place::Chat { platform, chat: rest, thread: None },
            },
        }
    }

    /// The platform of a conversation, or the kind of another destination: who carries messages
    /// there is registered under this name.
    pub fn carrier(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// Whether it names its conversation (`#channel`, `@user`) where an id is needed.
    pub fn is_by_name(&self) -> bool {
        matches!(self.place(), Place::Chat { chat, .. } if chat.starts_with(['#', '@']))
    }

    /// The mailbox of `address`.
    pub fn email(address: &EmailAddress) -> Self {
        Self(format!("email:{address}"))
    }

    /// The webhook `name`.
    pub fn webhook(name: &WebhookName) -> Self {
        Self(format!("webhook:{}", name.0))
    }
}

impl FromStr for Destination {
    type Err = InvalidDestination;

    fn from_str(text: &str) -> Result<Self, InvalidDestination> {
        let invalid = || InvalidDestination(text.chars().take(80).collect());
        let given = text.trim();
        if given.len() > LONGEST || given.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(invalid());
        }
        if let Some(chat) = whatsapp_address(given) {
            return Ok(Self(format!("{WHATSAPP}:{chat}")));
        }
        let (kind, rest) = given.split_once(':').ok_or_else(invalid)?;
        let kind = kind.to_ascii_lowercase();
        match kind.as_str() {
            "email" => rest.parse().map(|address| Self::email(&address)).map_err(|_| invalid()),
            "webhook" => rest.parse().map(|name| Self::webhook(&name)).map_err(|_| invalid()),
            // An address of the web is no conversation on a platform called `https`, and what a
            // grant holds instead of a long destination is none on `sha256`.
            "http" | "https" | "file" | "local" | "sha256" => Err(invalid()),
            platform if is_name(platform) => chat_at(platform, rest).map(Self).ok_or_else(invalid),
            _ => Err(invalid()),
        }
    }
}

/// A conversation on `platform`, in its canonical spelling.
fn chat_at(platform: &str, rest: &str) -> Option<String> {
    let (chat, thread) = match rest.split_once(':') {
        Some((chat, thread)) => (chat, Some(thread)),
        None => (rest, None),
    };
    let whole = |part: &str| !part.is_empty() && part != "#" && part != "@";
    if !whole(chat) || thread.is_some_and(|thread| !whole(thread) || thread.contains(':')) {
        return None;
    }
    let chat = match platform {
        WHATSAPP => whatsapp_address(chat)?,
        _ => chat.to_owned(),
    };
    Some(match thread {
        Some(thread) => format!("{platform}:{chat}:{thread}"),
        None => format!("{platform}:{chat}"),
    })
}

/// `text` as `WhatsApp` addresses it: a person by `+` and digits, a group or a hidden number by its
/// JID.
fn whatsapp_address(text: &str) -> Option<String> {
    if let Some(digits) = text.strip_prefix('+') {
        return is_phone_number(digits).then(|| text.to_owned());
    }
    let (user, server) = text.rsplit_once('@')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match server.to_ascii_lowercase().as_str() {
        // The device behind the number is not a part of the address.
        "s.whatsapp.net" | "c.us" => {
            let number = user.split(['.', ':']).next()?;
            is_phone_number(number).then(|| format!("+{number}"))
        }
        "g.us" => user.split('-').all(digits).then(|| format!("{user}@g.us")),
        "lid" => digits(user).then(|| format!("{user}@lid")),
        _ => None,
    }
}

/// E.164 without its `+`.
fn is_phone_number(digits: &str) -> bool {
    (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
}

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

impl WebhookName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebhookName {
    type Err = InvalidDestination;

    fn from_str(text: &str) -> Result<Self, InvalidDestination> {
        let name = text.to_ascii_lowercase();
        if is_name(&name) {
            Ok(Self(name))
        } else {
            Err(InvalidDestination(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for WebhookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        let parsed = text.parse::<Destination>().ok()?;
        // One destination has one spelling.
        assert_eq!(parsed.as_str().parse::<Destination>().as_ref(), Ok(&parsed));
        Some(parsed.to_string())
    }

    #[test]
    fn every_spelling_comes_down_to_one() {
        for (text, expected) in [
            ("mattermost:abc", "mattermost:abc"),
            ("Mattermost:abc:t1", "mattermost:abc:t1"),
            ("slack:#general", "slack:#general"),
            ("slack:@ana", "slack:@ana"),
            ("email:Ana@Example.ORG", "email:Ana@example.org"),
            (" webhook:OPS ", "webhook:ops"),
            ("+4915112345678", "whatsapp:+4915112345678"),
            ("whatsapp:+4915112345678", "whatsapp:+4915112345678"),
            ("4915112345678@s.whatsapp.net", "whatsapp:+4915112345678"),
            ("4915112345678:12@s.whatsapp.net", "whatsapp:+4915112345678"),
            ("whatsapp:4915112345678@c.us", "whatsapp:+4915112345678"),
            ("120363041234567890@g.us", "whatsapp:120363041234567890@g.us"),
            ("whatsapp:12345@lid", "whatsapp:12345@lid"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_could_be_meant_otherwise_is_refused() {
        for text in [
            "",
            "ops",
            "mattermost:",
            "mattermost:#",
            ":x",
            "a b:c",
            "email:",
            "email:ana",
            "email:a@b\r\nBcc: x@y.z",
            "webhook:a/b",
            "webhook:",
            "https://a.example/x",
            "+0151",
            "+49 151",
            "whatsapp:ana",
            "whatsapp:",
            "ana@s.whatsapp.net",
            "slack:a:b:c",
            "mattermost:a\u{0}",
            "file:/etc/passwd",
            "sha256:abc",
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }
}
