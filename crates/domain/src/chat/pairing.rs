//! People who are not on any list and ask to be heard, by a code that an admin approves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::address::invalid;
use super::{InvalidChatName, PersonId, PlatformName};
use crate::identity::Principal;
use crate::ids::{PairingId, SessionId};
use crate::time::Timestamp;

/// What codes are made of: nothing that is taken for something else when read aloud.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// How many letters a code has.
const LENGTH: usize = 8;

/// What somebody shows an admin: 40 random bits, of no use to anybody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PairingCode(String);

/// Somebody who has asked to be heard on a platform, or is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Its id.
    pub id: PairingId,
    /// The platform.
    pub platform: PlatformName,
    /// Who.
    pub person: PersonId,
    /// What they were told.
    pub code: PairingCode,
    /// When.
    pub asked_at: Timestamp,
    /// From when on the code is good for nothing.
    pub expires_at: Timestamp,
    /// Who let them in, if anybody did.
    pub paired: Option<Paired>,
}

/// Somebody was let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// By whom.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// For how long nobody is asked in a session (`/yolo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unasked {
    /// The session.
    pub session_id: SessionId,
    /// Until when.
    pub until: Timestamp,
    /// Who said so.
    pub by: Principal,
    /// The session of which it was said, where this one was begun in it: it holds as long as there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<SessionId>,
}

impl PairingCode {
    /// The code made of random bytes.
    pub fn new(random: [u8; LENGTH]) -> Self {
        let letter = |byte: &u8| {
            let place = usize::from(*byte) % ALPHABET.len();
            ALPHABET.get(place).copied().map_or('A', char::from)
        };
        Self(random.iter().map(letter).collect())
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PairingCode {
    type Err = InvalidChatName;

    fn from_str(text: &str) -> Result<Self, InvalidChatName> {
        let code: String = text.trim().to_ascii_uppercase().replace(['-', ' '], "");
        if code.len() == LENGTH && code.bytes().all(|b| ALPHABET.contains(&b)) {
            Ok(Self(code))
        } else {
            Err(invalid(text, "a pairing code"))
        }
    }
}

impl fmt::Display for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pairing {
    /// Whether the code is still good.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.paired.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = PairingCode::new([0, 31, 32, 255, 7, 8, 9, 10]);
        assert_eq!(code.as_str(), "A9A9HJKL");
        for text in ["a9a9-hjkl", " A9A9 HJKL ", "A9A9HJKL"] {
            assert_eq!(text.parse(), Ok(code.clone()));
        }
        for text in ["", "A9A9HJK", "A9A9HJK0", "A9A9HJKLM"] {
            assert!(text.parse::<PairingCode>().is_err(), "{text}");
        }
    }
}
