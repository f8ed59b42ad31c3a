//! The names of commands.

use std::fmt;
use std::str::FromStr;

/// The longest name: what the strictest platform takes.
const LONGEST: usize = 32;

/// A canonical name: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandName(String);

/// Why a word cannot name a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name for a command: use 1 to 32 letters, digits and `-`")]
pub struct InvalidCommandName(String);

impl CommandName {
    /// The name that a typed word spells: leading slashes and white space are stripped, case is
    /// folded, an `@botname` at the end is cut, and `_` is `-`.
    pub fn spelled(word: &str) -> Result<Self, InvalidCommandName> {
        let word = word.trim().trim_start_matches('/');
        let word = word.split_once('@').map_or(word, |(name, _)| name);
        let name = word.to_ascii_lowercase().replace('_', "-");
        let legal = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (1..=LONGEST).contains(&name.len()) && name.bytes().all(legal) {
            Ok(Self(name))
        } else {
            Err(InvalidCommandName(word.chars().take(80).collect()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommandName {
    type Err = InvalidCommandName;

    fn from_str(text: &str) -> Result<Self, InvalidCommandName> {
        Self::spelled(text)
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
