//! One conversation on a platform, and what is owed to it.

use serde::{Deserialize, Serialize};

use super::{AccountId, Address, ChatScope, MessageId, PlatformName, SessionKey};
use crate::ids::{RunId, SessionId};
use crate::time::Timestamp;

/// How many earlier conversations are remembered.
const REMEMBERED: usize = 50;

/// The conversation that goes on under a key, and those that went before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The key.
    pub key: SessionKey,
    /// Where it takes place.
    pub address: Address,
    /// In what kind of chat.
    pub scope: ChatScope,
    /// The session that the next message belongs to.
    pub session: SessionId,
    /// Its name, if somebody gave it one.
    pub title: Option<String>,
    /// The model that was chosen for it.
    pub model: Option<String>,
    /// When it was last spoken in.
    pub spoken_at: Timestamp,
    /// Runs of the session that were taken back: later ones do not see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<RunId>,
    /// The ones before, newest first.
    pub earlier: Vec<Earlier>,
}

/// A conversation that was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its session.
    pub session: SessionId,
    /// Its name.
    pub title: Option<String>,
    /// When it was last spoken in.
    pub spoken_at: Timestamp,
    /// Its runs that were taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<RunId>,
}

/// A message that a platform has brought: it is taken once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The platform.
    pub platform: PlatformName,
    /// The bot that it was brought to.
    pub account: AccountId,
    /// What the platform calls it.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
}

/// A run whose end is to be told in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatRun {
    /// The run.
    pub run_id: RunId,
    /// Its session.
    pub session_id: SessionId,
    /// Where.
    pub address: Address,
    /// The number of its last event that was told there.
    pub told: u64,
    /// The message that it answers, where answers quote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<MessageId>,
    /// The message that shows an answer which is still growing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growing: Option<MessageId>,
}

impl Conversation {
    /// Another session goes on under this key from now on; the present one is kept.
    #[must_use]
    pub fn turned_to(&self, session: SessionId, title: Option<String>, now: Timestamp) -> Self {
        let left = Earlier {
            session: self.session,
            title: self.title.clone(),
            spoken_at: self.spoken_at,
            undone: self.undone.clone(),
        };
        let back = self.earlier.iter().find(|earlier| earlier.session == session);
        let undone = back.map_or_else(Vec::new, |back| back.undone.clone());
        let others = self.earlier.iter().filter(|earlier| earlier.session != session).cloned();
        let earlier = std::iter::once(left).chain(others).take(REMEMBERED).collect();
        Self { session, title, spoken_at: now, undone, earlier, ..self.clone() }
    }

    /// The name of an earlier conversation, if it has one.
    pub fn title_of(&self, session: SessionId) -> Option<String> {
        let found = self.earlier.iter().find(|earlier| earlier.session == session)?;
        found.title.clone()
    }

    /// The earlier conversation that `name` means: its number from 1, its id or its name.
    pub fn meant(&self, name: &str) -> Option<&Earlier> {
        let name = name.trim();
        if name.is_empty() {
            return self.earlier.first();
        }
        let number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        number.and_then(|place| self.earlier.get(place)).or_else(|| {
            self.earlier.iter().find(|earlier| {
                let title = earlier.title.as_deref();
                earlier.session.to_string() == name
                    || title.is_some_and(|title| title.eq_ignore_ascii_case(name))
            })
        })
    }
}
