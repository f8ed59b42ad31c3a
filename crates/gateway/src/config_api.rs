//! The section of those who talk through the API: who may run which command there. Whoever has a key
//! may talk, and the API has neither groups nor bots.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{AccessKeys, Listed, PlatformConfig};
use crate::config_chat::present;

/// Who may run which command through the API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApiConfig {
    /// Whose keys may run every command. Without this key every key may; with an empty list none
    /// may.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub allow_admin_from: Option<Listed>,
    /// What others may run besides `/help`, `/whoami` and `/status`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_allowed_commands: Option<Listed>,
    /// The two keys may stand here instead.
    pub extra: ApiAccessKeys,
}

/// Who may run which command, where it stands under `extra`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApiAccessKeys {
    /// As beside `extra`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub allow_admin_from: Option<Listed>,
    /// As beside `extra`.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub user_allowed_commands: Option<Listed>,
}

impl ApiConfig {
    /// The same as the section of any platform.
    #[must_use]
    pub fn people(&self) -> PlatformConfig {
        let Self { allow_admin_from, user_allowed_commands, extra } = self.clone();
        PlatformConfig {
            allow_admin_from,
            user_allowed_commands,
            extra: AccessKeys {
                allow_admin_from: extra.allow_admin_from,
                user_allowed_commands: extra.user_allowed_commands,
                ..AccessKeys::default()
            },
            ..PlatformConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_no_effect_is_refused_by_its_name() {
        for key in ["allow_from", "group_allow_from", "pairing", "hear_everything", "accounts"] {
            let error = serde_json::from_value::<ApiConfig>(serde_json::json!({key: []}));
            let told = error.unwrap_err().to_string();
            assert!(told.contains(&format!("unknown field `{key}`")), "{told}");
        }
    }

    #[test]
    fn its_keys_are_those_of_any_platform() {
        let text = r#"{"allow_admin_from": "ops", "extra": {"user_allowed_commands": ["stop"]}}"#;
        let api: ApiConfig = serde_json::from_str(text).unwrap();
        let platform: PlatformConfig = serde_json::from_str(text).unwrap();
        assert_eq!(api.people(), platform);
    }
}
