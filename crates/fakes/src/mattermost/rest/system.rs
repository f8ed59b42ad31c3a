//! What clients ask about the server itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;
use crate::mattermost::settings::TriggerSigning;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    format: String,
}

/// The configuration that clients see, without a session too. Every value is a text.
pub(super) async fn client_config(
    State(server): State<Arc<Server>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    if wanted.format.is_empty() {
        let id = "api.config.client.old_format.app_error";
        return Err(Refusal::new(501, id, "Ask for format=old."));
    }
    if wanted.format != "old" {
        return Err(Refusal::bad_body("format"));
    }
    let site_url = server.site_url();
    let settings = server.world().settings.clone();
    let text = |value: bool| value.to_string();
    let mut config = json!({
        "Version": settings.version,
        "BuildNumber": "0000000000",
        "BuildEnterpriseReady": "false",
        "SiteURL": site_url,
        "WebsocketURL": "",
        "EnableCommands": text(settings.enable_commands),
        "EnableBotAccountCreation": text(settings.enable_bot_account_creation),
        "EnableUserAccessTokens": text(settings.enable_user_access_tokens),
        "EnablePostUsernameOverride": text(settings.enable_post_username_override),
        "EnableFileAttachments": text(settings.enable_file_attachments),
        "MaxFileSize": settings.max_file_bytes.to_string(),
        "MaxPostSize": settings.max_message_runes.to_string(),
        "PostEditTimeLimit": settings
            .post_edit_time_limit
            .map_or_else(|| "-1".to_owned(), |limit| limit.as_secs().to_string()),
        "ExperimentalEnableHardenedMode": text(settings.hardened_mode),
        "TelemetryId": "",
    });
    let key = match settings.trigger_signing {
        TriggerSigning::KeyShown => Some(server.keys.public_key()),
        TriggerSigning::AnotherKeyShown => Some(server.keys.another_public_key()),
        TriggerSigning::KeyMissing => None,
    };
    if let (Some(key), Some(fields)) = (key, config.as_object_mut()) {
        fields.insert("AsymmetricSigningPublicKey".to_owned(), Value::String(key));
    }
    Ok(Json(config))
}

pub(super) async fn client_license() -> Json<Value> {
    Json(json!({"IsLicensed": "false"}))
}

pub(super) async fn ping() -> Json<Value> {
    Json(json!({
        "status": "OK",
        "AndroidLatestVersion": "",
        "AndroidMinVersion": "",
        "IosLatestVersion": "",
        "IosMinVersion": "",
        "ActiveSearchBackend": "database",
    }))
}
