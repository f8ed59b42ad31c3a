//! The bridge to the user's own account, as the section `whatsapp` says.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_gateway::Gateway;
use countersign_gateway::config::{BridgeConfig, ConfigProblem};
use countersign_ports::delivery::Messenger;
use countersign_whatsapp_platform::{
    BridgeClient, BridgeProcess, BridgeSettings, Link, ManagedBridge, Terms,
};

use crate::clock::SystemClock;
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
fn token_file(loaded: &Loaded, home: &Home, bridge: &BridgeConfig) -> Result<PathBuf, Failure> {
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

/// What a bridge is to a gateway.
pub(crate) struct Attached {
    /// Who carries messages through it; nobody while it may not be started.
    pub(crate) messenger: Option<Arc<dyn Messenger>>,
    /// Its process, if the gateway is to start it and may. It does not run yet.
    pub(crate) process: Option<Arc<BridgeProcess>>,
}

/// Names the bridge to the gateway, if one is configured. Nothing runs or is connected yet.
pub(crate) fn attach(
    (loaded, home): (&Loaded, &Home),
    token: Option<String>,
    gateway: &Gateway,
) -> Result<Option<Attached>, Failure> {
    let (Some(bridge), Some(token)) = (&loaded.config.whatsapp.bridge, token) else {
        return Ok(None);
    };
    let problem = |error: ConfigProblem| loaded.problem(&error.key, &error.problem.to_string());
    let url = bridge.address().map_err(problem)?;
    let account = ACCOUNT.parse().map_err(Failure::refused)?;
    let listen = url.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let settings = BridgeSettings { url, token, account };
    let client = Arc::new(BridgeClient::new(settings).map_err(Failure::refused)?);
    let clock = Arc::new(SystemClock);
    let terms = Terms::accepted_as(bridge.accepted_terms.as_deref());
    let process = match bridge.program().map_err(problem)? {
        Some(program) => {
            let (state, token_file) = (home.bridge_state(), token_file(loaded, home, bridge)?);
            let managed = ManagedBridge { program, state, token_file, listen };
            Some(BridgeProcess::new(managed, clock.clone()))
        }
        None => None,
    };
    gateway.attach_link(Arc::new(Link::new(client.clone(), process.clone(), terms, clock)));
    if process.is_some() && terms == Terms::Open {
        // Nobody has a program link an account who has not said so.
        return Ok(Some(Attached { messenger: None, process: None }));
    }
    gateway.attach_bridge(client.clone());
    Ok(Some(Attached { messenger: Some(client), process }))
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
