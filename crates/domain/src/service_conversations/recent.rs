//! Recent chats as a bridge lists them, and finding one by its name.

use serde::{Deserialize, Serialize};

use super::ServiceChatId;
use crate::display::{inert, one_line};
use crate::time::Timestamp;

/// Longer names are cut when they are shown.
const LONGEST_NAME: usize = 80;

/// A chat as a bridge lists it: nothing of what was said in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentChat {
    /// Its id; the platform's own one for what is no person.
    pub id: String,
    /// Its name, as the platform has it: anybody can give themselves one.
    pub name: Option<String>,
    /// What it is.
    pub kind: ChatKind,
    /// When something was last said in it.
    pub last_message_at: Option<Timestamp>,
    /// How much in it is unread.
    pub unread: u32,
}

/// What a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// With one person.
    Direct,
    /// With several.
    Group,
    /// A list, the status, a newsletter.
    Broadcast,
    /// The one with oneself.
    #[serde(rename = "self")]
    Own,
}

impl ChatKind {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Broadcast => "broadcast",
            Self::Own => "self",
        }
    }
}

/// Whether somebody is shown numbers in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// An administrator is.
    Whole,
    /// Others see their ends.
    Masked,
}

/// Why a name says no chat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnclearName {
    /// No recent chat has it.
    #[error("no recent chat is called `{0}`: give its phone number with the country code")]
    Unknown(String),
    /// Nothing is guessed.
    #[error("`{name}` fits several recent chats: {}; give the number of one", .candidates.join(", "))]
    Several {
        /// The name.
        name: String,
        /// Those that it fits.
        candidates: Vec<String>,
    },
}

impl RecentChat {
    /// The name as it can be shown: inert, in one line.
    pub fn shown_name(&self) -> Option<String> {
        let name = self.name.as_deref().map(|name| one_line(&inert(name), LONGEST_NAME));
        name.filter(|name| !name.trim().is_empty())
    }

    /// The person's chat that it is, if it is one.
    pub fn person(&self) -> Option<ServiceChatId> {
        match self.kind {
            ChatKind::Direct => match super::read_target(&self.id) {
                // The platform's own digits have their country.
                Ok(super::Target::Chat(id) | super::Target::Bare(id)) => Some(id),
                Ok(super::Target::Name(_)) | Err(_) => None,
            },
            ChatKind::Group | ChatKind::Broadcast | ChatKind::Own => None,
        }
    }
}

/// The one chat of a person whose name has `name` in it. Capitals and blanks at the ends do not
/// count. Anybody can give themselves a name: a whole one goes before no part of another, so nobody
/// takes the place of somebody else by being called the same and a little less.
pub fn named(
    name: &str,
    recent: &[(ServiceChatId, String)],
    numbers: Numbers,
) -> Result<(ServiceChatId, String), UnclearName> {
    let wanted = folded(name);
    let mut found: Vec<&(ServiceChatId, String)> =
        recent.iter().filter(|(_, known)| folded(known).contains(&wanted)).collect();
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    let number = |id: &ServiceChatId| match numbers {
        Numbers::Whole => id.to_string(),
        Numbers::Masked => id.masked(),
    };
    let shown = one_line(&inert(name), LONGEST_NAME);
    match found.as_slice() {
        [] => Err(UnclearName::Unknown(shown)),
        [one] => Ok((*one).clone()),
        several => Err(UnclearName::Several {
            name: shown,
            candidates: several
                .iter()
                .map(|(id, known)| format!("`{known}` ({})", number(id)))
                .collect(),
        }),
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent() -> Vec<(ServiceChatId, String)> {
        let chat = |id: &str, name: &str| (id.parse().unwrap(), name.to_owned());
        vec![
            chat("+34600111222", "Movistar"),
            chat("+34600111333", "Movistar Fusión"),
            chat("+34600111444", "Ana"),
            chat("+34600111555", "Ana"),
        ]
    }

    #[test]
    fn a_name_means_one_chat_or_is_an_error() {
        let find =
            |name: &str| named(name, &recent(), Numbers::Whole).map(|(id, _)| id.to_string());
        assert_eq!(find(" movistar fusión "), Ok("+34600111333".to_owned()));
        assert_eq!(find("fusión"), Ok("+34600111333".to_owned()));
        // Also where one of them has exactly that name.
        assert!(matches!(find("movistar"), Err(UnclearName::Several { .. })));
        let refused = find("ana").unwrap_err().to_string();
        assert!(refused.contains("+34600111444") && refused.contains("+34600111555"), "{refused}");
        assert!(matches!(find("mov"), Err(UnclearName::Several { .. })));
        let masked = named("ana", &recent(), Numbers::Masked).unwrap_err().to_string();
        assert!(!masked.contains("+34600") && masked.contains("…444"), "{masked}");
        assert!(matches!(find("Orange"), Err(UnclearName::Unknown(_))));
    }

    #[test]
    fn names_are_shown_inert() {
        let chat = RecentChat {
            id: "34600111222@s.whatsapp.net".to_owned(),
            name: Some("Mo\u{202e}vi\nstar".to_owned()),
            kind: ChatKind::Direct,
            last_message_at: None,
            unread: 0,
        };
        let shown = chat.shown_name().unwrap();
        assert!(!shown.contains('\u{202e}') && !shown.contains('\n'), "{shown}");
        assert_eq!(chat.person().unwrap().as_str(), "+34600111222");
        let group = RecentChat { kind: ChatKind::Group, ..chat };
        assert_eq!(group.person(), None);
    }
}
