//! The section of one platform without what its adapter knows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{AccessKeys, Listed, PairingText, PlatformConfig};

/// A bot of a platform that has none of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoAccount {}

impl<A> Default for PlatformConfig<A> {
    fn default() -> Self {
        Self {
            accounts: BTreeMap::new(),
            allow_from: Listed::default(),
            group_allow_from: Listed::default(),
            pairing: PairingText::Off,
            hear_everything: false,
            allow_admin_from: None,
            user_allowed_commands: None,
            group_allow_admin_from: None,
            group_user_allowed_commands: None,
            extra: AccessKeys::default(),
        }
    }
}

impl<A> PlatformConfig<A> {
    /// The same without the bots: who may talk, and run which command.
    #[must_use]
    #[expect(clippy::zero_sized_map_values, reason = "there is no bot to say anything of")]
    pub fn people(&self) -> PlatformConfig {
        PlatformConfig {
            accounts: BTreeMap::new(),
            allow_from: self.allow_from.clone(),
            group_allow_from: self.group_allow_from.clone(),
            pairing: self.pairing,
            hear_everything: self.hear_everything,
            allow_admin_from: self.allow_admin_from.clone(),
            user_allowed_commands: self.user_allowed_commands.clone(),
            group_allow_admin_from: self.group_allow_admin_from.clone(),
            group_user_allowed_commands: self.group_user_allowed_commands.clone(),
            extra: self.extra.clone(),
        }
    }
}
