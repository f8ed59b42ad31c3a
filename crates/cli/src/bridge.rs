//! The bridge to the user's own account, as the section `whatsapp` says.

use std::io;
use std::sync::Arc;

use countersign_gateway::Gateway;
use countersign_ports::delivery::Messenger;
use countersign_whatsapp_platform::{BridgeClient, BridgeSettings};

use crate::config::Loaded;
use crate::entropy::SystemEntropy;
use crate::failure::Failure;
use crate::home::{Home, write_private};

/// How the account is called where its deliveries are remembered: there is one.
const ACCOUNT: &str = "own";

/// What the bridge and the gateway prove themselves to each other with: made at the first start with
/// a bridge. `None` if none is configured.
pub(crate) fn token(
    loaded: &Loaded,
    home: &Home,
    entropy: &SystemEntropy,
) -> Result<Option<String>, Failure> {
    if loaded.config.whatsapp.bridge.is_none() {
        return Ok(None);
    }
    let path = home.bridge_token();
    let failed = |error: io::Error| Failure::Refused(format!("{}: {error}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => Ok(Some(token.trim().to_owned())),
        Ok(_) => make(&path, entropy).map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&path, entropy).map(Some).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

fn make(path: &std::path::Path, entropy: &SystemEntropy) -> io::Result<String> {
    let token = entropy.secret_text("cs_bridge_");
    write_private(path, &token)?;
    Ok(token)
}

/// Names the bridge to the gateway, if one is configured, and gives who carries messages through it.
/// Nothing is connected yet.
pub(crate) fn attach(
    loaded: &Loaded,
    token: Option<String>,
    gateway: &Gateway,
) -> Result<Option<Arc<dyn Messenger>>, Failure> {
    let (Some(bridge), Some(token)) = (&loaded.config.whatsapp.bridge, token) else {
        return Ok(None);
    };
    let url =
        bridge.address().map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    let account = ACCOUNT.parse().map_err(Failure::refused)?;
    let settings = BridgeSettings { url, token, account };
    let client = Arc::new(BridgeClient::new(settings).map_err(Failure::refused)?);
    gateway.attach_bridge(client.clone());
    Ok(Some(client))
}

/// Nothing, or the first value of the section that a start would refuse.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    let section = &loaded.config.whatsapp;
    let problem = |error: countersign_gateway::config::ConfigProblem| {
        loaded.problem(&error.key, &error.problem.to_string())
    };
    if let Some(bridge) = &section.bridge {
        bridge.address().map_err(problem)?;
    }
    section.service_conversations.settings().map_err(problem)?;
    Ok(())
}
