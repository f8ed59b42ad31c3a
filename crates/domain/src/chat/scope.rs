//! Whether a chat is between two, or has others in it.

use serde::{Deserialize, Serialize};

/// Which lists count in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatScope {
    /// A person alone with the bot.
    Dm,
    /// Everything else: groups, channels, threads, forums.
    Group,
}

impl ChatScope {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dm, Self::Group];

    /// The scope of a chat of this type. The one function that every surface uses.
    pub fn of(chat_type: Option<&str>) -> Self {
        let chat_type = chat_type.unwrap_or_default().trim();
        let between_two = ["", "dm", "direct", "private"];
        if between_two.iter().any(|name| chat_type.eq_ignore_ascii_case(name)) {
            Self::Dm
        } else {
            Self::Group
        }
    }

    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dm => "dm",
            Self::Group => "group",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_between_two_is_a_group() {
        for chat_type in [None, Some(""), Some(" "), Some("dm"), Some("Direct"), Some("PRIVATE")] {
            assert_eq!(ChatScope::of(chat_type), ChatScope::Dm, "{chat_type:?}");
        }
        for chat_type in ["group", "channel", "thread", "forum", "dms", "Ｄm", "d m"] {
            assert_eq!(ChatScope::of(Some(chat_type)), ChatScope::Group, "{chat_type}");
        }
    }
}
