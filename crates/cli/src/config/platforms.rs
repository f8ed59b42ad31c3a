//! The section `platforms`: what the gateway and the adapters each know of theirs, side by side.

use std::collections::BTreeMap;

use countersign_gateway::config::{ApiConfig, PlatformConfig, PlatformsConfig};
use countersign_mattermost::{AccountConfig, PLATFORM as MATTERMOST};
use countersign_whatsapp_platform::PLATFORM as WHATSAPP;
use countersign_whatsapp_platform::cloud::{AccountConfig as CloudAccount, AccountsConfig, NUMBER};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Chat platforms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PlatformsSection {
    /// Where holders of API keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api: Option<ApiConfig>,
    /// Mattermost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mattermost: Option<PlatformConfig<AccountConfig>>,
    /// Operators' own chats with the agent, over `whatsapp.bridge`, or over a business number of the
    /// official Cloud API, which is an account here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whatsapp: Option<PlatformConfig<CloudAccount>>,
}

impl PlatformsSection {
    /// What the gateway knows of them: who may talk, and run which command. A platform that the
    /// environment alone describes has people too.
    pub(crate) fn people(&self, environment: impl Fn(&str) -> Option<String>) -> PlatformsConfig {
        let mut people = BTreeMap::new();
        people.extend(self.api.as_ref().map(|api| ("api".to_owned(), api.people())));
        let mattermost = self.mattermost.as_ref().map(PlatformConfig::people);
        let mattermost =
            mattermost.or_else(|| environment("MATTERMOST_URL").map(|_| PlatformConfig::default()));
        let whatsapp = self.whatsapp.as_ref().map(PlatformConfig::people);
        let whatsapp = whatsapp.or_else(|| environment(NUMBER).map(|_| PlatformConfig::default()));
        people.extend(whatsapp.map(|people| (WHATSAPP.to_owned(), people)));
        people.extend(mattermost.map(|people| (MATTERMOST.to_owned(), people)));
        people
    }

    /// The business numbers on `WhatsApp`.
    pub(crate) fn whatsapp_accounts(&self) -> AccountsConfig {
        self.whatsapp.as_ref().map_or_else(BTreeMap::new, |section| section.accounts.clone())
    }

    /// The bots on Mattermost.
    pub(crate) fn mattermost_accounts(&self) -> BTreeMap<String, AccountConfig> {
        self.mattermost.as_ref().map_or_else(BTreeMap::new, |section| section.accounts.clone())
    }
}
