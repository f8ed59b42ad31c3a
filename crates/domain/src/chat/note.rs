//! What the adapter of a platform remembers.

use serde::{Deserialize, Serialize};

use super::{AccountId, PlatformName};

/// A short text that one bot's adapter keeps under a name of its own, the same for all nodes. What
/// it means is the adapter's business; what must not be read elsewhere is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// The name, among the notes of this bot.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Note {
    /// The one key of a note of this name.
    pub fn key(platform: &PlatformName, account: &AccountId, name: &str) -> String {
        // The separator is a control character, which no part contains.
        [platform.as_str(), account.as_str(), name].join("\u{1f}")
    }
}
