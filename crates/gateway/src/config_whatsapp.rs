//! The section `whatsapp`: the bridge, and service conversations.

use std::net::IpAddr;
use std::path::PathBuf;

use countersign_domain::outbound::is_loopback;
use countersign_domain::service_conversations::{
    ChatMode, InvalidServiceSetting, ServiceSettings, Switch, known_tool,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigProblem, Problem, problem};

/// Limits beyond this are none.
const LARGEST_LIMIT: u32 = 10_000;

/// `WhatsApp`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhatsappConfig {
    /// The bridge to your own account; without it there is none.
    pub bridge: Option<BridgeConfig>,
    /// Talking to providers on your behalf, one chat each, under limits.
    pub service_conversations: ServiceConversationsConfig,
}

/// The bridge to the user's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BridgeConfig {
    /// Where it listens, on this machine.
    pub url: String,
    /// The file with the token that the two prove themselves with. By default
    /// `whatsapp-bridge.token` of the home directory, which is made at the first start with a bridge.
    pub token_file: Option<String>,
    /// The program that the gateway starts as the bridge, watches and stops: an absolute path, such
    /// as `/usr/local/bin/countersign-whatsapp`. Without it, whoever runs the bridge starts it.
    pub managed: Option<String>,
    /// The name of the terms that you have read and accept; `countersign platforms pair whatsapp`
    /// shows them and sets this. Until then no bridge is started and no account is linked.
    pub accepted_terms: Option<String>,
}

impl Default for BridgeConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8790".to_owned(),
            token_file: None,
            managed: None,
            accepted_terms: None,
        }
    }
}

/// Talking to providers on the user's behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "it is the section as people write it")]
pub struct ServiceConversationsConfig {
    /// Whether there are service conversations.
    pub enabled: bool,
    /// The mode of chats that are approved: `draft_first`, `autonomous` or `paused`.
    pub default_mode: ServiceModeText,
    /// Chats that are approved: phone numbers with their country code, or JIDs.
    pub approved_chats: Vec<String>,
    /// The same by the beginning of numbers: `+34900*`. At least the `+` and five digits stand
    /// before a `*`.
    pub approved_patterns: Vec<String>,
    /// Whether the agent may ask for a first message by itself.
    pub allow_agent_initiated_service_chats: bool,
    /// Whether a chat becomes a service chat when it answers what you wrote by hand.
    pub auto_promote_replied_to_chats: bool,
    /// How many chats may be begun within 24 hours; denied ones count too.
    pub max_new_service_chats_per_day: u32,
    /// How many texts may go into one chat within an hour without asking.
    pub max_auto_sends_per_chat_per_hour: u32,
    /// Whether also chats of `approved_chats` are first written to with an approval. Others always
    /// are.
    pub require_explicit_approval_for_first_contact: bool,
    /// Whether files may be sent into service chats, each with an approval. What providers send is
    /// only ever named.
    pub allow_media: bool,
    /// The tools of a turn that a provider's words have begun; whatever else is asked for in it is
    /// put to people.
    pub tools: Vec<String>,
}

/// `whatsapp.service_conversations.default_mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceModeText {
    /// Every message is shown to a person first.
    #[default]
    DraftFirst,
    /// Texts go by themselves, so many an hour.
    Autonomous,
    /// Nothing is sent.
    Paused,
}

impl Default for ServiceConversationsConfig {
    fn default() -> Self {
        let usual = ServiceSettings::default();
        Self {
            enabled: usual.enabled.is_on(),
            default_mode: ServiceModeText::DraftFirst,
            approved_chats: Vec::new(),
            approved_patterns: Vec::new(),
            allow_agent_initiated_service_chats: usual.agent_initiated.is_on(),
            auto_promote_replied_to_chats: usual.auto_promote.is_on(),
            max_new_service_chats_per_day: usual.max_new_per_day,
            max_auto_sends_per_chat_per_hour: usual.max_auto_per_hour,
            require_explicit_approval_for_first_contact: usual.first_contact_approval.is_on(),
            allow_media: usual.media.is_on(),
            tools: usual.tools.into_iter().collect(),
        }
    }
}

impl ServiceConversationsConfig {
    /// The settings of the verbs.
    pub fn settings(&self) -> Result<ServiceSettings, ConfigProblem> {
        let key = |name: &str| format!("whatsapp.service_conversations.{name}");
        let wrong = |name: &str, error: InvalidServiceSetting| problem(&key(name), error.into());
        let limit = |name: &str, given: u32| {
            if given <= LARGEST_LIMIT {
                return Ok(given);
            }
            Err(problem(&key(name), Problem::Limit { given, most: LARGEST_LIMIT }))
        };
        for tool in &self.tools {
            if !known_tool(tool) {
                return Err(wrong("tools", InvalidServiceSetting::Tool(tool.clone())));
            }
        }
        let chats = self.approved_chats.iter().map(|text| ServiceSettings::approved_chat(text));
        let patterns = self.approved_patterns.iter().map(|text| text.parse());
        Ok(ServiceSettings {
            enabled: Switch::of(self.enabled),
            default_mode: match self.default_mode {
                ServiceModeText::DraftFirst => ChatMode::DraftFirst,
                ServiceModeText::Autonomous => ChatMode::Autonomous,
                ServiceModeText::Paused => ChatMode::Paused,
            },
            approved_chats: chats
                .collect::<Result<_, _>>()
                .map_err(|error| wrong("approved_chats", error))?,
            approved_patterns: patterns
                .collect::<Result<_, _>>()
                .map_err(|error| wrong("approved_patterns", error))?,
            agent_initiated: Switch::of(self.allow_agent_initiated_service_chats),
            auto_promote: Switch::of(self.auto_promote_replied_to_chats),
            max_new_per_day: limit(
                "max_new_service_chats_per_day",
                self.max_new_service_chats_per_day,
            )?,
            max_auto_per_hour: limit(
                "max_auto_sends_per_chat_per_hour",
                self.max_auto_sends_per_chat_per_hour,
            )?,
            first_contact_approval: Switch::of(self.require_explicit_approval_for_first_contact),
            media: Switch::of(self.allow_media),
            tools: self.tools.iter().cloned().collect(),
        })
    }
}

impl BridgeConfig {
    /// The program that the gateway starts, if it is to.
    pub fn program(&self) -> Result<Option<PathBuf>, ConfigProblem> {
        absolute("managed", self.managed.as_deref())
    }

    /// Where its token is, if that is said.
    pub fn token_file(&self) -> Result<Option<PathBuf>, ConfigProblem> {
        absolute("token_file", self.token_file.as_deref())
    }

    /// Where the bridge listens: on this machine, or it would carry conversations over a network in
    /// the clear.
    pub fn address(&self) -> Result<String, ConfigProblem> {
        let wrong = || {
            let shown = self.url.chars().take(80).collect();
            problem("whatsapp.bridge.url", Problem::Bridge(shown))
        };
        let rest =
            self.url.trim().trim_end_matches('/').strip_prefix("http://").ok_or_else(wrong)?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(is_loopback);
        if !here || port.parse::<u16>().is_err() {
            return Err(wrong());
        }
        Ok(format!("http://{rest}"))
    }
}

/// A path that means the same wherever the gateway is started.
fn absolute(name: &str, text: Option<&str>) -> Result<Option<PathBuf>, ConfigProblem> {
    let Some(text) = text else { return Ok(None) };
    let path = PathBuf::from(text);
    if path.is_absolute() {
        return Ok(Some(path));
    }
    let shown: String = text.chars().take(80).collect();
    let what = format!("`{shown}` is not accepted: use an absolute path");
    Err(problem(&format!("whatsapp.bridge.{name}"), Problem::Outbound(what)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_says_by_default_what_the_rules_do() {
        let config = ServiceConversationsConfig::default();
        assert_eq!(config.settings().unwrap(), ServiceSettings::default());
    }

    #[test]
    fn without_any_configuration_every_setting_is_the_conservative_one() {
        let empty: WhatsappConfig = serde_json::from_str("{}").unwrap();
        assert!(empty.bridge.is_none());
        let section = serde_json::to_value(&empty.service_conversations).unwrap();
        let expected = serde_json::json!({
            "enabled": false,
            "default_mode": "draft_first",
            "approved_chats": [],
            "approved_patterns": [],
            "allow_agent_initiated_service_chats": false,
            "auto_promote_replied_to_chats": false,
            "max_new_service_chats_per_day": 3,
            "max_auto_sends_per_chat_per_hour": 6,
            "require_explicit_approval_for_first_contact": true,
            "allow_media": true,
            "tools": ["clarify", "reply_service_conversation"],
        });
        assert_eq!(section, expected);
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named_with_what_is_accepted() {
        let base = ServiceConversationsConfig::default();
        let chats = |text: &str| ServiceConversationsConfig {
            approved_chats: vec![text.to_owned()],
            ..base.clone()
        };
        let patterns = |text: &str| ServiceConversationsConfig {
            approved_patterns: vec![text.to_owned()],
            ..base.clone()
        };
        let tools = ServiceConversationsConfig { tools: vec!["shell".to_owned()], ..base.clone() };
        let many =
            ServiceConversationsConfig { max_new_service_chats_per_day: 10_001, ..base.clone() };
        for (config, key, value) in [
            (chats("*"), "approved_chats", "*"),
            (chats("600111222"), "approved_chats", "600111222"),
            (chats("1-2@g.us"), "approved_chats", "1-2@g.us"),
            (patterns("*"), "approved_patterns", "*"),
            (patterns("+34*"), "approved_patterns", "+34*"),
            (tools, "tools", "shell"),
            (many, "max_new_service_chats_per_day", "10001"),
        ] {
            let told = config.settings().unwrap_err().to_string();
            assert!(told.contains(key) && told.contains(value), "{told}");
        }
    }

    #[test]
    fn a_bridge_is_on_this_machine() {
        let at =
            |url: &str| BridgeConfig { url: url.to_owned(), ..BridgeConfig::default() }.address();
        assert_eq!(at("http://127.0.0.1:8790/").unwrap(), "http://127.0.0.1:8790");
        assert!(at("http://[::1]:8790").is_ok() && at("http://localhost:1").is_ok());
        for url in ["https://127.0.0.1:1", "http://10.0.0.1:8790", "http://bridge:1", "", "x:1"] {
            assert!(at(url).is_err(), "{url}");
        }
        let usual = BridgeConfig::default();
        assert!(usual.address().is_ok() && usual.program().unwrap().is_none());
        let relative = Some("bin/countersign-whatsapp".to_owned());
        let at = BridgeConfig { managed: relative, ..usual };
        assert!(at.program().unwrap_err().to_string().contains("whatsapp.bridge.managed"));
    }
}
