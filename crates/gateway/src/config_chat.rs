//! The sections about conversations and platforms: who may talk, who may command, and how
//! conversations go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use countersign_domain::chat::{ChatScope, GroupSessions, PlatformName};
use countersign_domain::slash_access::{
    AccessPolicy, CommandList, ListedIds, PlatformAccess, ScopeAccess,
};
use countersign_ports::duration::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::chat::{
    Admission, BusyMode, ChatSettings, FileLimits, InGroups, MentionRule, PairingMode, PlainWords,
};
use crate::config::{ConfigProblem, NoAccount, Problem, QuickCommandsConfig, named};

/// `platforms`: the settings of each, by its name.
pub type PlatformsConfig = BTreeMap<String, PlatformConfig>;

/// How conversations go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsConfig {
    /// In groups everybody has a conversation of their own; `false`: all of a group share one.
    pub group_per_user: bool,
    /// What becomes of a message that comes while the agent is at work: `queue`, `steer` or
    /// `interrupt`.
    pub busy: BusyText,
    /// After so long a silence the next message begins a new conversation; by default, and with
    /// `0`, never.
    pub idle_reset: Option<HumanDuration>,
    /// At this time of the day, such as `04:30`, in UTC, every conversation begins anew; by default
    /// never.
    pub daily_reset: Option<String>,
    /// Words that by themselves approve, when exactly one approval waits in that chat.
    pub approve_words: BTreeSet<String>,
    /// Words that by themselves deny.
    pub deny_words: BTreeSet<String>,
    /// Whether those words count in groups, too.
    pub words_in_groups: bool,
    /// How many files that come with a message the agent is given; `0` none.
    pub max_files: usize,
    /// The most bytes of one of them.
    pub max_file_bytes: u64,
    /// How often at most the message is changed that shows a growing answer, on platforms where
    /// that can be done; `0`: answers come when they are whole.
    pub edit_every: HumanDuration,
    /// The most bytes that are kept of one person; `retention.runs` says for how long.
    pub max_kept_bytes_per_person: u64,
    /// The most bytes that are kept of everybody.
    pub max_kept_bytes: u64,
}

/// `sessions.busy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BusyText {
    /// It waits for its turn.
    #[default]
    Queue,
    /// The agent is told of it while it works.
    Steer,
    /// The agent's work is stopped for it.
    Interrupt,
}

/// Who may talk on a platform, and who may run which command there; and the bots there, each as its
/// platform needs it described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[serde(bound = "A: Serialize + serde::de::DeserializeOwned")]
pub struct PlatformConfig<A = NoAccount> {
    /// The bots on this platform, by names of your own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, A>,
    /// Who may talk in direct messages; nobody else is heard.
    pub allow_from: Listed,
    /// Who may talk in groups.
    pub group_allow_from: Listed,
    /// What becomes of unknown people in direct messages: `off`: they are not heard; `code`: they are
    /// given a code, with which they can be let in.
    pub pairing: PairingText,
    /// Whether all that those people say in groups is heard, not only what names the bot.
    pub hear_everything: bool,
    /// Who may run every command in direct messages. Without this key everybody may who may talk;
    /// with an empty list nobody may.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub allow_admin_from: Option<Listed>,
    /// What others may run there besides `/help`, `/whoami` and `/status`; by default what they may in
    /// groups.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_allowed_commands: Option<Listed>,
    /// Who may run every command in groups.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub group_allow_admin_from: Option<Listed>,
    /// What others may run in groups.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub group_user_allowed_commands: Option<Listed>,
    /// The four keys about commands may stand here instead.
    pub extra: AccessKeys,
}

/// `pairing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PairingText {
    /// They are not heard.
    #[default]
    Off,
    /// They are given a code.
    Code,
}

/// Who may run which command, where it stands under `extra`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccessKeys {
    /// As beside `extra`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub allow_admin_from: Option<Listed>,
    /// As beside `extra`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_allowed_commands: Option<Listed>,
    /// As beside `extra`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub group_allow_admin_from: Option<Listed>,
    /// As beside `extra`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub group_user_allowed_commands: Option<Listed>,
}

/// A list, a text with commas, or one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Listed {
    /// A list.
    Many(Vec<Item>),
    /// A text with commas, or one value.
    One(Item),
}

/// One value of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Item {
    /// An id that looks like a number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A key that is there and says nothing is an operator who lists nobody.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Listed>, D::Error> {
    Option::<Listed>::deserialize(deserializer).map(|listed| Some(listed.unwrap_or_default()))
}

impl Default for Listed {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Default for SessionsConfig {
    fn default() -> Self {
        let (words, files) = (PlainWords::default(), FileLimits::default());
        Self {
            group_per_user: true,
            busy: BusyText::Queue,
            idle_reset: None,
            daily_reset: None,
            approve_words: words.approve,
            deny_words: words.deny,
            words_in_groups: false,
            max_files: files.most,
            max_file_bytes: files.bytes,
            edit_every: HumanDuration::from_secs(2),
            max_kept_bytes_per_person: files.of_one,
            max_kept_bytes: files.of_all,
        }
    }
}

impl Listed {
    /// The items, trimmed, without empty ones.
    pub fn items(&self) -> Vec<String> {
        let texts: Vec<String> = match self {
            Self::Many(items) => items.iter().map(Item::text).collect(),
            Self::One(item) => item.text().split(',').map(str::to_owned).collect(),
        };
        let trimmed = texts.iter().map(|text| text.trim().to_owned());
        trimmed.filter(|text| !text.is_empty()).collect()
    }
}

impl Item {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl SessionsConfig {
    /// The settings of the dispatcher. `platforms` may name those in `known`; `environment` is
    /// asked for `PLATFORM_ALLOWED_USERS`.
    pub fn chat(
        &self,
        (platforms, quick): (&PlatformsConfig, &QuickCommandsConfig),
        known: &[PlatformName],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<ChatSettings, ConfigProblem> {
        let (mut admission, mut access) = (BTreeMap::new(), BTreeMap::new());
        for (name, config) in platforms {
            let found = known.iter().find(|platform| platform.as_str() == name);
            let Some(platform) = found else {
                let known: Vec<&str> = known.iter().map(PlatformName::as_str).collect();
                let problem = Problem::NoPlatform(known.join(", "));
                return Err(named(format!("platforms.{name}"), problem));
            };
            access.insert(platform.clone(), config.access(platform));
            admission.insert(platform.clone(), config.admission(platform, &environment));
        }
        let lower = |words: &BTreeSet<String>| {
            words.iter().map(|word| word.trim().to_lowercase()).collect()
        };
        Ok(ChatSettings {
            access: AccessPolicy::new(access),
            admission,
            groups: if self.group_per_user {
                GroupSessions::PerPerson
            } else {
                GroupSessions::Shared
            },
            busy: match self.busy {
                BusyText::Queue => BusyMode::Queue,
                BusyText::Steer => BusyMode::Steer,
                BusyText::Interrupt => BusyMode::Interrupt,
            },
            edit_every: Some(self.edit_every.0).filter(|span| !span.is_zero()),
            web_page: None,
            files: FileLimits {
                most: self.max_files,
                bytes: self.max_file_bytes,
                of_one: self.max_kept_bytes_per_person,
                of_all: self.max_kept_bytes,
            },
            daily_reset: self.daily_reset.as_deref().map(time_of_day).transpose()?,
            quick: crate::config_quick::quick(quick)?,
            idle_reset: self.idle_reset.map(|span| span.0).filter(|span| !span.is_zero()),
            words: PlainWords {
                approve: lower(&self.approve_words),
                deny: lower(&self.deny_words),
                in_groups: if self.words_in_groups { InGroups::On } else { InGroups::Off },
            },
        })
    }
}

/// The time after midnight.
fn time_of_day(text: &str) -> Result<Duration, ConfigProblem> {
    let number = |text: &str, end: u64| text.parse::<u64>().ok().filter(|number| *number < end);
    let parsed = text.split_once(':').and_then(|(hours, minutes)| {
        Some(Duration::from_secs(number(hours, 24)? * 3600 + number(minutes, 60)? * 60))
    });
    parsed.ok_or_else(|| named("sessions.daily_reset".to_owned(), Problem::NoTime(text.to_owned())))
}

impl PlatformConfig {
    fn access(&self, platform: &PlatformName) -> PlatformAccess {
        let scope = |scope: ChatScope| {
            let (admins, commands, keys) = match scope {
                ChatScope::Dm => (
                    self.allow_admin_from.as_ref().or(self.extra.allow_admin_from.as_ref()),
                    self.user_allowed_commands
                        .as_ref()
                        .or(self.extra.user_allowed_commands.as_ref()),
                    "allow_admin_from",
                ),
                ChatScope::Group => (
                    self.group_allow_admin_from
                        .as_ref()
                        .or(self.extra.group_allow_admin_from.as_ref()),
                    self.group_user_allowed_commands
                        .as_ref()
                        .or(self.extra.group_user_allowed_commands.as_ref()),
                    "group_allow_admin_from",
                ),
            };
            let admins = admins.map(|listed| ListedIds::on(platform, &listed.items()));
            if admins.as_ref().is_some_and(ListedIds::is_empty) {
                tracing::warn!(
                    key = format!("platforms.{platform}.{keys}"),
                    "the list is empty: commands are gated there and nobody is an admin"
                );
            }
            let commands = commands.map(|listed| CommandList::new(&listed.items()));
            ScopeAccess { admins, commands }
        };
        PlatformAccess { dm: scope(ChatScope::Dm), group: scope(ChatScope::Group) }
    }

    fn admission(
        &self,
        platform: &PlatformName,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Admission {
        let variable = platform.as_str().to_ascii_uppercase().replace('-', "_");
        let named = environment(&format!("{variable}_ALLOWED_USERS"));
        let more = Listed::One(Item::Text(named.unwrap_or_default())).items();
        let dm: Vec<String> = self.allow_from.items().into_iter().chain(more).collect();
        Admission {
            dm: ListedIds::on(platform, &dm),
            group: ListedIds::on(platform, &self.group_allow_from.items()),
            pairing: match self.pairing {
                PairingText::Off => PairingMode::Off,
                PairingText::Code => PairingMode::Code,
            },
            mention: if self.hear_everything {
                MentionRule::NotNeeded
            } else {
                MentionRule::Needed
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::chat::PersonId;

    use super::*;

    fn settings(text: &str) -> ChatSettings {
        let platforms: PlatformsConfig = serde_json::from_str(text).unwrap();
        let known = ["mattermost".parse().unwrap()];
        let environment =
            |name: &str| (name == "MATTERMOST_ALLOWED_USERS").then(|| "cat, dan".to_owned());
        SessionsConfig::default().chat((&platforms, &BTreeMap::new()), &known, environment).unwrap()
    }

    fn admins(text: &str) -> Option<Vec<bool>> {
        let platform: PlatformName = "mattermost".parse().unwrap();
        let settings = settings(&format!(r#"{{"mattermost": {{{text}}}}}"#));
        let listed = settings.access.admins(&platform, ChatScope::Dm)?;
        let holds = |id| listed.holds(&PersonId::on(&platform, id).unwrap());
        Some(["7", "ann"].map(holds).to_vec())
    }

    #[test]
    fn a_list_is_written_in_many_ways() {
        for text in [
            r#""allow_admin_from": [7, " ann "]"#,
            r#""allow_admin_from": "7, ann,,""#,
            r#""extra": {"allow_admin_from": ["7", "ann"]}"#,
        ] {
            assert_eq!(admins(text), Some(vec![true, true]), "{text}");
        }
        assert_eq!(admins(r#""allow_admin_from": 7"#), Some(vec![true, false]));
    }

    #[test]
    fn a_key_that_lists_nobody_gates_and_a_missing_one_does_not() {
        for empty in ["[]", r#""""#, r#""  ,  ""#, "null", r#"[" "]"#] {
            let text = format!(r#""allow_admin_from": {empty}"#);
            assert_eq!(admins(&text), Some(vec![false, false]), "{empty}");
        }
        assert_eq!(admins(""), None);
        assert_eq!(admins(r#""group_allow_admin_from": ["ann"]"#), None);
    }

    #[test]
    fn people_of_the_environment_may_talk_in_direct_messages() {
        let platform: PlatformName = "mattermost".parse().unwrap();
        let settings =
            settings(r#"{"mattermost": {"allow_from": "ann", "group_allow_from": ["bob"]}}"#);
        let admission = &settings.admission[&platform];
        let person = |id| PersonId::on(&platform, id).unwrap();
        assert!(["ann", "cat", "dan"].into_iter().all(|id| admission.dm.holds(&person(id))));
        assert!(!admission.dm.holds(&person("bob")) && admission.group.holds(&person("bob")));
        assert!(!admission.group.holds(&person("ann")));
    }

    #[test]
    fn a_day_begins_when_the_operator_says() {
        assert_eq!(time_of_day("04:30").ok(), Some(Duration::from_mins(270)));
        assert_eq!(time_of_day("00:00").ok(), Some(Duration::ZERO));
        for text in ["", "4", "24:00", "04:60", "-1:00", "x:y", "04:30:00"] {
            assert!(time_of_day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_platform_that_does_not_exist_is_named() {
        let platforms = PlatformsConfig::from([("slcak".to_owned(), PlatformConfig::default())]);
        let known = ["slack".parse().unwrap()];
        let problem = SessionsConfig::default()
            .chat((&platforms, &BTreeMap::new()), &known, |_| None)
            .unwrap_err();
        assert_eq!(
            problem.to_string(),
            "`platforms.slcak`: there is no such platform; known: slack"
        );
    }
}
