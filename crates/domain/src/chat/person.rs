//! People by the ids that platforms give them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PlatformName;
use crate::identity::Principal;

/// A person's immutable id on a platform, in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(String);

impl PersonId {
    /// The id that `text` spells on `platform`; `None` if it spells nobody.
    pub fn on(platform: &PlatformName, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
            return None;
        }
        match platform.as_str() {
            "whatsapp" => whatsapp(text).map(Self),
            _ => Some(Self(text.to_owned())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The person as one who asks and decides.
    pub fn principal(&self, platform: &PlatformName) -> Principal {
        Principal::Platform { platform: platform.to_string(), id: self.0.clone() }
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One spelling for a phone number and its JIDs. A LID is another namespace: its digits are never
/// a phone's. Which LID is whose phone is for the adapter to say: it gives the phone.
fn whatsapp(text: &str) -> Option<String> {
    let (local, server) = text.split_once('@').unwrap_or((text, "s.whatsapp.net"));
    let server = match server {
        "c.us" | "s.whatsapp.net" => "s.whatsapp.net",
        "lid" => "lid",
        _ => return None,
    };
    let device = local.find([':', '.']).unwrap_or(local.len());
    let digits: String = local.get(..device)?.chars().filter(|c| !is_filling(*c)).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    let legal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    legal.then(|| format!("{digits}@{server}"))
}

/// What people put between the digits of a phone number.
const fn is_filling(c: char) -> bool {
    matches!(c, '+' | ' ' | '-' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(platform: &str, text: &str) -> Option<String> {
        PersonId::on(&platform.parse().unwrap(), text).map(|person| person.to_string())
    }

    #[test]
    fn a_phone_and_its_jids_are_one_person() {
        for text in [
            "+34 600 123 456",
            "0034600123456",
            "34600123456@c.us",
            "34600123456:7@s.whatsapp.net",
            "34600123456.1@s.whatsapp.net",
        ] {
            assert_eq!(on("whatsapp", text).as_deref(), Some("34600123456@s.whatsapp.net"));
        }
        assert_eq!(on("whatsapp", "34600123456@lid").as_deref(), Some("34600123456@lid"));
        for text in ["status@broadcast", "1-2@g.us", "x", "@lid"] {
            assert_eq!(on("whatsapp", text), None, "{text}");
        }
    }

    #[test]
    fn elsewhere_an_id_is_what_it_is() {
        assert_eq!(on("slack", " U1 ").as_deref(), Some("U1"));
        assert_eq!(on("slack", "u1").as_deref(), Some("u1"));
        assert_eq!(on("slack", "  "), None);
    }
}
