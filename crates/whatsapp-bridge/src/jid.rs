//! Addresses.

use std::fmt;

/// The bare JID of one person: by their number, or their LID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person(String);

impl Person {
    /// The person that `jid` names; `None` if it is no bare JID of a person.
    pub fn parse(jid: &str) -> Option<Self> {
        let (user, server) = jid.split_once('@')?;
        let digits = (1..=32).contains(&user.len()) && user.bytes().all(|b| b.is_ascii_digit());
        let known = matches!(server, "s.whatsapp.net" | "lid");
        (digits && known).then(|| Self(jid.to_owned()))
    }

    /// The JID.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a LID, whose digits are no number.
    pub fn is_lid(&self) -> bool {
        self.0.ends_with("@lid")
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bare_jid_of_a_person_is_one() {
        for jid in ["34600111222@s.whatsapp.net", "1@lid"] {
            assert!(Person::parse(jid).is_some(), "{jid}");
        }
        for jid in [
            "",
            "34600111222",
            "@lid",
            "34600111222:12@s.whatsapp.net",
            "34600111222@c.us",
            "1-2@g.us",
            "status@broadcast",
            "٣@lid",
            "1@lid ",
            "1@lid@lid",
        ] {
            assert!(Person::parse(jid).is_none(), "{jid}");
        }
    }
}
