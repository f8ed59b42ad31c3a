//! Linking the account behind the bridge, and the bridge's process where the gateway starts it.

use std::sync::Arc;

use countersign_gateway::Gateway;
use countersign_gateway::config::ConfigProblem;
use countersign_whatsapp_platform::{BridgeClient, BridgeProcess, Link, ManagedBridge, Terms};

use crate::bridge::token_file;
use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::failure::Failure;
use crate::home::Home;

/// A bridge, as far as the gateway may use it.
#[derive(Default)]
pub(crate) struct Linked {
    /// Who talks to it; nobody while it may not be started.
    pub(crate) client: Option<Arc<BridgeClient>>,
    /// Its process, if the gateway is to start it and may. It does not run yet.
    pub(crate) process: Option<Arc<BridgeProcess>>,
}

/// Names the link of the bridge to the gateway, if there is a bridge.
pub(crate) fn link(
    (loaded, home): (&Loaded, &Home),
    client: Option<Arc<BridgeClient>>,
    gateway: &Gateway,
) -> Result<Linked, Failure> {
    let (Some(bridge), Some(client)) = (&loaded.config.whatsapp.bridge, client) else {
        return Ok(Linked::default());
    };
    let problem = |error: ConfigProblem| loaded.problem(&error.key, &error.problem.to_string());
    let clock = Arc::new(SystemClock);
    let terms = Terms::accepted_as(bridge.accepted_terms.as_deref());
    let process = match bridge.program().map_err(problem)? {
        Some(program) => {
            let address = bridge.address().map_err(problem)?;
            let listen = address.trim_start_matches("http://").replace("localhost", "127.0.0.1");
            let (state, token_file) = (home.bridge_state(), token_file(loaded, home, bridge)?);
            let managed = ManagedBridge { program, state, token_file, listen };
            Some(BridgeProcess::new(managed, clock.clone()))
        }
        None => None,
    };
    let link = Link::new(client.clone(), process.clone(), terms, clock);
    gateway.attach_link(Arc::new(link));
    if process.is_some() && terms == Terms::Open {
        // Nobody has a program link an account who has not said so.
        return Ok(Linked::default());
    }
    Ok(Linked { client: Some(client), process })
}
