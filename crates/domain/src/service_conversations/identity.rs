//! Which chat is meant: one id for every spelling of one person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::outbound::{Destination, Place};

/// The platform that service chats are on.
const WHATSAPP: &str = "whatsapp";

/// The servers of people with a number, of people without, and of what is no person.
const NUMBERS: [&str; 2] = ["s.whatsapp.net", "c.us"];
const HIDDEN: &str = "lid";

/// Digits without a `+` or `00` in front are a whole number only if there are so many: with fewer
/// the country code is missing as likely as not.
const SHORTEST_BARE: usize = 11;

/// The canonical id of a person's chat: `+` and the number, or `…@lid` for somebody whose number is
/// hidden. The digits of a LID are no number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceChatId(String);

/// What a person or a model calls a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// This very chat.
    Chat(ServiceChatId),
    /// This chat, if somebody knows it: digits alone may as well be a number without its country.
    Bare(ServiceChatId),
    /// A name, which the recent chats may know.
    Name(String),
}

/// Why a text names no chat of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// It says nothing.
    #[error("no chat is named: give a phone number with its country code, a JID or a chat's name")]
    Empty,
    /// A number that could be anywhere.
    #[error(
        "`{0}` has no country code: write it in front, such as `+34 600 111 222` for a number in \
         Spain"
    )]
    National(String),
    /// Digits that are no number.
    #[error("`{0}` is not a phone number: 7 to 15 digits with the country code")]
    Number(String),
    /// No chat with a person.
    #[error("`{text}` is {what}, which can never be a service chat")]
    NotAPerson {
        /// What was given.
        text: String,
        /// What it is.
        what: &'static str,
    },
    /// No address of the platform.
    #[error("`{0}` is not a JID: `…@s.whatsapp.net` or `…@lid`")]
    Jid(String),
}

impl ServiceChatId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is known only by a LID.
    pub fn is_hidden(&self) -> bool {
        self.0.ends_with("@lid")
    }

    /// The digits of its number, if it has one.
    pub fn number(&self) -> Option<&str> {
        self.0.strip_prefix('+')
    }

    /// The address by which bridges know it.
    pub fn jid(&self) -> String {
        match self.number() {
            Some(digits) => format!("{digits}@s.whatsapp.net"),
            None => self.0.clone(),
        }
    }

    /// The person's chat with this JID.
    pub fn of_jid(text: &str) -> Result<Self, BadTarget> {
        let bad = || BadTarget::Jid(short(text));
        let (user, server) = text.trim().rsplit_once('@').ok_or_else(bad)?;
        let server = server.to_ascii_lowercase();
        let what = match server.as_str() {
            "g.us" => Some("a group"),
            "broadcast" if user.eq_ignore_ascii_case("status") => Some("the status"),
            "broadcast" => Some("a broadcast list"),
            "newsletter" => Some("a newsletter"),
            "bot" => Some("a bot of the platform"),
            _ => None,
        };
        if let Some(what) = what {
            return Err(BadTarget::NotAPerson { text: short(text), what });
        }
        // Device and agent behind the number are no part of the person.
        let digits = user.split([':', '.']).next().unwrap_or_default();
        if NUMBERS.contains(&server.as_str()) {
            return international(digits).ok_or_else(bad);
        }
        let legal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if server == HIDDEN && legal && digits.len() <= 32 {
            return Ok(Self(format!("{digits}@{HIDDEN}")));
        }
        Err(bad())
    }

    /// The person's chat that a message to `destination` goes into, if it goes into one.
    pub fn at(destination: &Destination) -> Option<Self> {
        match destination.place() {
            Place::Chat { platform: WHATSAPP, chat, .. } => chat.parse().ok(),
            Place::Chat { .. } | Place::Email(_) | Place::Webhook(_) => None,
        }
    }

    /// Where a message into it goes.
    pub fn destination(&self) -> Option<Destination> {
        // What was parsed is one of the two forms that destinations have on this platform.
        format!("{WHATSAPP}:{}", self.0).parse().ok()
    }

    /// What is said to somebody who gave its digits alone, and nobody knows it.
    pub fn without_country(&self) -> BadTarget {
        BadTarget::National(self.number().unwrap_or(&self.0).to_owned())
    }

    /// Whether this may be another name of the same person as `number`: only a LID is, and only a
    /// number has one.
    pub fn may_stand_for(&self, number: &Self) -> bool {
        self.is_hidden() && !number.is_hidden()
    }

    /// The number with all but its ends left out: for people who need not know it.
    pub fn masked(&self) -> String {
        let (digits, end) = match self.number() {
            Some(digits) => (digits, ""),
            None => (self.0.trim_end_matches("@lid"), "@lid"),
        };
        let last: String = digits.chars().skip(digits.chars().count().saturating_sub(3)).collect();
        format!("…{last}{end}")
    }
}

/// What `text` names. Digits and JIDs are never taken for names.
pub fn read_target(text: &str) -> Result<Target, BadTarget> {
    let text = text.trim();
    let text = text.strip_prefix("whatsapp:").unwrap_or(text).trim();
    if text.is_empty() {
        return Err(BadTarget::Empty);
    }
    if text.contains('@') {
        return ServiceChatId::of_jid(text).map(Target::Chat);
    }
    let digits: String = text.chars().filter(|c| !is_filling(*c)).collect();
    let (has_plus, bare) = match digits.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, digits.as_str()),
    };
    if bare.is_empty() || !bare.bytes().all(|b| b.is_ascii_digit()) {
        // A `+` in a name is a part of it, and so are its blanks.
        return Ok(Target::Name(text.to_owned()));
    }
    let wrong = || BadTarget::Number(short(text));
    if has_plus {
        return international(bare).map(Target::Chat).ok_or_else(wrong);
    }
    if let Some(rest) = bare.strip_prefix("00") {
        return international(rest).map(Target::Chat).ok_or_else(wrong);
    }
    // North American numbers have area codes that begin with 2 to 9.
    let odd_area =
        bare.strip_prefix('1').is_some_and(|rest| bare.len() != 11 || rest.starts_with(['0', '1']));
    if bare.starts_with('0') || bare.len() < SHORTEST_BARE || odd_area {
        return Err(BadTarget::National(short(text)));
    }
    international(bare).map(Target::Bare).ok_or_else(wrong)
}

fn international(digits: &str) -> Option<ServiceChatId> {
    let legal = (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    legal.then(|| ServiceChatId(format!("+{digits}")))
}

/// What people put between digits; also the blanks that phones put there.
const fn is_filling(c: char) -> bool {
    matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{2011}')
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

impl FromStr for ServiceChatId {
    type Err = BadTarget;

    /// Reads the canonical form alone.
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let parsed = match text.strip_prefix('+') {
            Some(digits) => international(digits).ok_or_else(|| BadTarget::Number(short(text)))?,
            None => Self::of_jid(text)?,
        };
        if parsed.0 == text { Ok(parsed) } else { Err(BadTarget::Jid(short(text))) }
    }
}

impl fmt::Display for ServiceChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ServiceChatId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ServiceChatId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(text: &str) -> ServiceChatId {
        match read_target(text).unwrap() {
            Target::Chat(id) | Target::Bare(id) => id,
            Target::Name(name) => panic!("{name} is a name"),
        }
    }

    #[test]
    fn a_number_written_in_ten_ways_is_one_chat() {
        for text in [
            "+34 600 111 222",
            "34600111222",
            "0034600111222",
            "00 34 600-111-222",
            "+34 (600) 111.222",
            "34600111222@s.whatsapp.net",
            "34600111222@c.us",
            "34600111222:12@s.whatsapp.net",
            "34600111222.1:7@S.WhatsApp.net",
            "whatsapp:+34600111222",
            " +34\u{a0}600\u{a0}111\u{a0}222 ",
        ] {
            assert_eq!(chat(text).as_str(), "+34600111222", "{text}");
        }
    }

    #[test]
    fn the_digits_of_a_lid_are_never_a_number() {
        let hidden = chat("34600111222@lid");
        assert_eq!(hidden.as_str(), "34600111222@lid");
        assert_eq!(chat("34600111222:3@lid"), hidden);
        assert_ne!(hidden, chat("34600111222"));
        assert_eq!(hidden.number(), None);
        assert!(hidden.may_stand_for(&chat("+34600111222")));
        assert!(!chat("+34600111222").may_stand_for(&hidden));
    }

    #[test]
    fn what_is_no_person_is_refused() {
        for text in [
            "120363041234567890@g.us",
            "34600111222-1500000000@g.us",
            "status@broadcast",
            "1500000000@broadcast",
            "1203630@newsletter",
            "13135550002@bot",
        ] {
            assert!(matches!(read_target(text), Err(BadTarget::NotAPerson { .. })), "{text}");
        }
        for text in ["a@s.whatsapp.net", "@lid", "x@lid", "1@example.org", "0600@c.us"] {
            assert!(matches!(read_target(text), Err(BadTarget::Jid(_))), "{text}");
        }
    }

    #[test]
    fn a_number_without_its_country_is_asked_for() {
        for text in ["600 111 222", "0600111222", "600111222", "(020) 7946 0018", "11987654321"] {
            let refused = read_target(text).unwrap_err();
            assert!(matches!(refused, BadTarget::National(_)), "{text}: {refused}");
            assert!(refused.to_string().contains("country code"), "{refused}");
        }
        for text in ["+0151234567", "+123456", "+1234567890123456", "00049151"] {
            assert!(matches!(read_target(text), Err(BadTarget::Number(_))), "{text}");
        }
    }

    #[test]
    fn digits_alone_are_a_chat_only_if_somebody_knows_it() {
        for text in ["34600111222", "34 600 111 222", "whatsapp:34600111222"] {
            assert_eq!(read_target(text), Ok(Target::Bare(chat("+34600111222"))), "{text}");
        }
        let asked = chat("+34600111222").without_country().to_string();
        assert!(asked.contains("`34600111222` has no country code"), "{asked}");
    }

    #[test]
    fn everything_else_is_a_name() {
        for text in ["Movistar", "Clínica 24h", "Movistar+", "Dr. Ana"] {
            assert_eq!(read_target(text), Ok(Target::Name(text.to_owned())), "{text}");
        }
        assert_eq!(read_target("  "), Err(BadTarget::Empty));
    }

    #[test]
    fn an_id_has_one_spelling_and_one_destination() {
        for text in ["+34600111222", "12345@lid"] {
            let id: ServiceChatId = text.parse().unwrap();
            let destination = id.destination().unwrap();
            assert_eq!(destination.as_str(), format!("whatsapp:{text}"));
            assert_eq!(ServiceChatId::at(&destination), Some(id));
        }
        for text in ["34600111222", "34600111222@c.us", "12345:1@lid", "+34 600111222", ""] {
            assert!(text.parse::<ServiceChatId>().is_err(), "{text}");
        }
        for text in ["slack:C1", "whatsapp:1-2@g.us", "webhook:ops"] {
            assert_eq!(ServiceChatId::at(&text.parse().unwrap()), None, "{text}");
        }
        assert_eq!(chat("+34600111222").masked(), "…222");
    }
}
