//! `whatsapp.service_conversations`, checked.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{BadTarget, ChatMode, ServiceChatId, Target, read_target};

/// A pattern says at least so much before its first `*`, the `+` included.
const LEAST_BEFORE_STAR: usize = 6;

/// Every tool that a turn could be given. What is not here is a spelling mistake.
const TOOLS: [&str; 11] = [
    "clarify",
    "execute_code",
    "http_request",
    "list_recent_chats",
    "read_file",
    "reply_service_conversation",
    "send_email",
    "send_message",
    "start_service_conversation",
    "terminal",
    "write_file",
];

/// Whether there is a tool of this name.
pub fn known_tool(name: &str) -> bool {
    TOOLS.contains(&name)
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Switch {
    /// It is off.
    #[default]
    Off,
    /// It is on.
    On,
}

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Whether there are service conversations.
    pub enabled: Switch,
    /// The mode of chats that are approved.
    pub default_mode: ChatMode,
    /// Chats that the operator has approved.
    pub approved_chats: BTreeSet<ServiceChatId>,
    /// The same, by the beginning of their numbers.
    pub approved_patterns: Vec<ChatPattern>,
    /// Whether the agent may ask for a first message by itself.
    pub agent_initiated: Switch,
    /// Whether who answers what the user wrote by hand becomes a service chat.
    pub auto_promote: Switch,
    /// How many chats may be begun within 24 hours.
    pub max_new_per_day: u32,
    /// How many texts may go into one chat within an hour without asking.
    pub max_auto_per_hour: u32,
    /// Whether also approved chats are first written to with an approval.
    pub first_contact_approval: Switch,
    /// Whether files may be sent.
    pub media: Switch,
    /// The tools of a turn that a provider's words have begun.
    pub tools: BTreeSet<String>,
}

/// Numbers that begin alike: `+34900*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatPattern(String);

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceSetting {
    /// Not a chat.
    #[error("`{0}` is not accepted: {1}; write phone numbers with their country code, or JIDs")]
    Chat(String, BadTarget),
    /// A name or a wildcard where a chat is wanted.
    #[error("`{0}` is not accepted: write phone numbers with their country code, or JIDs")]
    NotAnAddress(String),
    /// Not a pattern.
    #[error(
        "`{0}` is not accepted: write a `+`, digits and `*`, with at least the `+` and five digits \
         before a `*`, such as `+34900*`"
    )]
    Pattern(String),
    /// Not a mode.
    #[error("`{0}` is not accepted: use `draft_first`, `autonomous` or `paused`")]
    Mode(String),
    /// Not a tool.
    #[error("`{0}` is no tool: use {known}", known = TOOLS.map(|tool| format!("`{tool}`")).join(", "))]
    Tool(String),
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            enabled: Switch::Off,
            default_mode: ChatMode::DraftFirst,
            approved_chats: BTreeSet::new(),
            approved_patterns: Vec::new(),
            agent_initiated: Switch::Off,
            auto_promote: Switch::Off,
            max_new_per_day: 3,
            max_auto_per_hour: 6,
            first_contact_approval: Switch::On,
            media: Switch::On,
            tools: ["reply_service_conversation", "clarify"].map(str::to_owned).into(),
        }
    }
}

impl ServiceSettings {
    /// Whether the operator's configuration names the chat.
    pub fn lists(&self, chat: &ServiceChatId) -> bool {
        self.approved_chats.contains(chat)
            || self.approved_patterns.iter().any(|pattern| pattern.fits(chat))
    }

    /// An entry of `approved_chats`.
    pub fn approved_chat(text: &str) -> Result<ServiceChatId, InvalidServiceSetting> {
        let shown = || text.chars().take(80).collect();
        match read_target(text) {
            Ok(Target::Chat(id)) => Ok(id),
            Ok(Target::Bare(id)) => Err(InvalidServiceSetting::Chat(shown(), id.without_country())),
            Ok(Target::Name(_)) => Err(InvalidServiceSetting::NotAnAddress(shown())),
            Err(problem) => Err(InvalidServiceSetting::Chat(shown(), problem)),
        }
    }
}

impl Switch {
    /// Whether it is on.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }

    /// The switch that a configuration says.
    pub const fn of(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

impl ChatPattern {
    /// Whether the chat's number fits. A hidden number fits nothing.
    pub fn fits(&self, chat: &ServiceChatId) -> bool {
        !chat.is_hidden() && fits(self.0.as_bytes(), chat.as_str().as_bytes())
    }
}

/// Whether `text` fits a pattern in which `*` stands for any characters.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => fits(rest, text),
        (Some((b'*', rest)), Some((_, after))) => fits(rest, text) || fits(pattern, after),
        (Some((wanted, rest)), Some((found, after))) => wanted == found && fits(rest, after),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

impl FromStr for ChatPattern {
    type Err = InvalidServiceSetting;

    fn from_str(text: &str) -> Result<Self, InvalidServiceSetting> {
        let given: String = text.chars().filter(|c| *c != ' ').collect();
        let legal = |b: u8| b.is_ascii_digit() || b == b'*';
        let before = given.find('*').unwrap_or(given.len());
        let stars = given.bytes().filter(|b| *b == b'*').count();
        let digits = given.strip_prefix('+').unwrap_or(&given);
        if given.len() > 20
            || stars > 3
            || before < LEAST_BEFORE_STAR
            || digits.starts_with('0')
            || !digits.bytes().all(legal)
        {
            return Err(InvalidServiceSetting::Pattern(text.chars().take(80).collect()));
        }
        Ok(Self(format!("+{digits}")))
    }
}

impl fmt::Display for ChatPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_conservative_ones() {
        let settings = ServiceSettings::default();
        assert!(!settings.enabled.is_on());
        assert_eq!(settings.default_mode, ChatMode::DraftFirst);
        assert!(settings.approved_chats.is_empty() && settings.approved_patterns.is_empty());
        assert!(!settings.agent_initiated.is_on() && !settings.auto_promote.is_on());
        assert_eq!((settings.max_new_per_day, settings.max_auto_per_hour), (3, 6));
        assert!(settings.first_contact_approval.is_on() && settings.media.is_on());
        let tools: Vec<&str> = settings.tools.iter().map(String::as_str).collect();
        assert_eq!(tools, ["clarify", "reply_service_conversation"]);
    }

    #[test]
    fn a_pattern_names_a_range_and_never_everybody() {
        for text in ["+34900*", "346001*", "+34 900 1*", "+34900*11*", "+34600111222"] {
            assert!(text.parse::<ChatPattern>().is_ok(), "{text}");
        }
        for text in
            ["*", "+*", "", "+349*", "+3490*", "34900*", "+34900?", "+34900a*", "****", "00349001*"]
        {
            let refused = text.parse::<ChatPattern>().unwrap_err().to_string();
            assert!(refused.contains("+34900*"), "{text}: {refused}");
        }
        let pattern: ChatPattern = "+34900*".parse().unwrap();
        let chat = |text: &str| text.parse::<ServiceChatId>().unwrap();
        assert!(pattern.fits(&chat("+34900123456")));
        assert!(!pattern.fits(&chat("+34600123456")));
        assert!(!pattern.fits(&chat("34900123456@lid")));
    }

    #[test]
    fn an_approved_chat_is_an_address_and_no_wildcard() {
        assert!(ServiceSettings::approved_chat("+34 600 111 222").is_ok());
        assert!(ServiceSettings::approved_chat("12345@lid").is_ok());
        for text in ["*", "Movistar", "600111222", "34600111222", "1-2@g.us", ""] {
            let refused = ServiceSettings::approved_chat(text).unwrap_err().to_string();
            assert!(refused.contains("is not accepted") || refused.contains("JIDs"), "{refused}");
        }
    }
}
