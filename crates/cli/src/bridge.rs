//! The bridge to the user's own account, as the section `whatsapp` says.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_gateway::Gateway;
use countersign_gateway::config::BridgeConfig;
use countersign_ports::delivery::Messenger;
use countersign_whatsapp_platform::{BridgeClient, BridgeSettings};

use crate::config::Loaded;
use crate::entropy::SystemEntropy;
use crate::failure::Failure;
use crate::home::{Home, check_private, write_private};

/// How the account is called where its deliveries are remembered: there is one.
const ACCOUNT: &str = "own";

/// What the bridge and the gateway prove themselves to each other with: made at the first start with
/// a bridge. `None` if none is configured.
pub(crate) fn token(
    loaded: &Loaded,
    home: &Home,
    entropy: &SystemEntropy,
) -> Result<Option<String>, Failure> {
    let Some(bridge) = &loaded.config.whatsapp.bridge else {
        return Ok(None);
    };
    let path = token_file(loaded, home, bridge)?;
    check_private(&path)?;
    let failed = |error: io::Error| Failure::Refused(format!("{}: {error}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(token) if !token.trim().is_empty() => Ok(Some(token.trim().to_owned())),
        Ok(_) => make(&path, entropy).map(Some).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_theirs(bridge) => {
            make(&path, entropy).map(Some).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Where the token is.
pub(crate) fn token_file(
    loaded: &Loaded,
    home: &Home,
    bridge: &BridgeConfig,
) -> Result<PathBuf, Failure> {
    let named = bridge.token_file();
    let named = named.map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    Ok(named.unwrap_or_else(|| home.bridge_token()))
}

/// Whether somebody else's bridge makes the token: one that is started by hand, and whose file is
/// named.
const fn is_theirs(bridge: &BridgeConfig) -> bool {
    bridge.managed.is_none() && bridge.token_file.is_some()
}

fn make(path: &std::path::Path, entropy: &SystemEntropy) -> io::Result<String> {
    let token = entropy.secret_text("cs_bridge_");
    write_private(path, &token)?;
    Ok(token)
}

/// The bridge, if one is configured. Nothing is connected yet.
pub(crate) fn client(
    loaded: &Loaded,
    token: Option<String>,
) -> Result<Option<Arc<BridgeClient>>, Failure> {
    let (Some(bridge), Some(token)) = (&loaded.config.whatsapp.bridge, token) else {
        return Ok(None);
    };
    let url =
        bridge.address().map_err(|error| loaded.problem(&error.key, &error.problem.to_string()))?;
    let account = ACCOUNT.parse().map_err(Failure::refused)?;
    let settings = BridgeSettings { url, token, account };
    Ok(Some(Arc::new(BridgeClient::new(settings).map_err(Failure::refused)?)))
}

/// Names the bridge to the gateway, and gives who carries messages through it.
pub(crate) fn attach(client: Arc<BridgeClient>, gateway: &Arc<Gateway>) -> Arc<dyn Messenger> {
    gateway.attach_bridge(client.clone());
    gateway.bridge_messenger(client)
}

/// Nothing, or the first value of the section that a start would refuse.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    let section = &loaded.config.whatsapp;
    let problem = |error: countersign_gateway::config::ConfigProblem| {
        loaded.problem(&error.key, &error.problem.to_string())
    };
    if let Some(bridge) = &section.bridge {
        bridge.address().map_err(problem)?;
        bridge.program().map_err(problem)?;
        bridge.token_file().map_err(problem)?;
    }
    section.service_conversations.settings().map_err(problem)?;
    Ok(())
}
