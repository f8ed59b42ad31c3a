//! What the dispatcher needs to know of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_domain::chat::{GroupSessions, PlatformName};
use countersign_domain::commands::Command;
use countersign_domain::slash_access::{AccessPolicy, ListedIds};
use countersign_domain::time::Timestamp;

use super::files::FileLimits;

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Settings of the dispatcher.
#[derive(Debug, Clone, Default)]
pub struct ChatSettings {
    /// Who may run which command.
    pub access: AccessPolicy,
    /// Who may talk; a platform that is not here hears nobody.
    pub admission: BTreeMap<PlatformName, Admission>,
    /// Whose a conversation in a group is.
    pub groups: GroupSessions,
    /// What becomes of a message that comes while a run is active.
    pub busy: BusyMode,
    /// After so long a silence a new conversation begins; `None` never.
    pub idle_reset: Option<Duration>,
    /// So long after midnight, in UTC, a new conversation begins every day; `None` never.
    pub daily_reset: Option<Duration>,
    /// Words that answer an approval.
    pub words: PlainWords,
    /// What may come with a message.
    pub files: FileLimits,
    /// How often at most a message is changed that shows a growing answer; `None`: answers come
    /// when they are whole.
    pub edit_every: Option<Duration>,
    /// Where people open the web page, for links.
    pub web_page: Option<String>,
    /// `quick_commands`.
    pub quick: Vec<Command>,
}

impl ChatSettings {
    /// Whether what is said now begins a new conversation, after the last word at `spoken_at`.
    pub(super) fn begins_anew(&self, spoken_at: Timestamp, now: Timestamp) -> bool {
        let silent = self.idle_reset.is_some_and(|most| now.since(spoken_at) >= most);
        let another_day = self.daily_reset.is_some_and(|after_midnight| {
            let day = |at: Timestamp| {
                let past = i64::try_from(after_midnight.as_millis()).unwrap_or(0);
                (at.as_millis() - past).div_euclid(DAY_MS)
            };
            day(spoken_at) != day(now)
        });
        silent || another_day
    }
}

/// Who may talk on a platform.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// In direct messages.
    pub dm: ListedIds,
    /// Everywhere else.
    pub group: ListedIds,
    /// What is heard there.
    pub mention: MentionRule,
    /// What becomes of unknown people in direct messages.
    pub pairing: PairingMode,
}

/// What becomes of unknown people who write to the bot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PairingMode {
    /// They are not heard.
    #[default]
    Off,
    /// They are given a code, with which an admin can let them in.
    Code,
}

/// What is heard in groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MentionRule {
    /// Only what names the bot; commands too.
    #[default]
    Needed,
    /// Everything that somebody says who may talk.
    NotNeeded,
}

/// `sessions.busy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BusyMode {
    /// It waits for its turn.
    #[default]
    Queue,
    /// The run is told of it.
    Steer,
    /// The run is stopped for it.
    Interrupt,
}

/// Words that answer an approval when exactly one waits.
#[derive(Debug, Clone)]
pub struct PlainWords {
    /// In favour.
    pub approve: BTreeSet<String>,
    /// Against.
    pub deny: BTreeSet<String>,
    /// Whether they count where others listen.
    pub in_groups: InGroups,
}

/// Whether something counts where others listen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InGroups {
    /// It does not.
    #[default]
    Off,
    /// It does.
    On,
}

impl Default for PlainWords {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            approve: words(&["yes", "y", "ok", "okay", "approve", "allow"]),
            deny: words(&["no", "n", "deny", "reject"]),
            in_groups: InGroups::Off,
        }
    }
}
