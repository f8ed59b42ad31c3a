//! Whether the bridge to the user's own account can work.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use countersign_gateway::config::BridgeConfig;
use countersign_ports::bridge_link::BridgeLink as _;
use countersign_ports::platform::AccountState;
use countersign_whatsapp_platform::{Link, Terms};

use super::{Finding, Patient};
use crate::bridge::{client, token_file};
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::home::check_private;

const CHECK: &str = "bridge";

/// The bridge, if one is configured. How the connection of a running gateway fares is told with the
/// other platforms.
pub(in crate::commands) async fn bridge(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(config) = &patient.loaded.config.whatsapp.bridge else {
        return Vec::new();
    };
    vec![match (&config.managed, token(patient, config)) {
        (Some(program), _) => managed(Path::new(program), config, patient),
        (None, Err(finding)) => finding,
        (None, Ok(_)) if patient.running.is_some() => {
            Finding::good(CHECK, format!("the gateway talks to it at {}", config.url))
        }
        (None, Ok(token)) => answers(patient, config, token).await,
    }]
}

/// What is proved with, if the file is there and closed to others.
fn token(patient: &Patient<'_>, config: &BridgeConfig) -> Result<String, Finding> {
    let told = |failure: &Failure| Finding::failed(CHECK, failure);
    let file =
        token_file(patient.loaded, patient.home, config).map_err(|failure| told(&failure))?;
    check_private(&file).map_err(|error| told(&error.into()))?;
    match std::fs::read_to_string(&file) {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_owned()),
        Ok(_) | Err(_) if config.token_file.is_none() => {
            let says = "its token is made at the first start of the gateway with a bridge";
            Err(Finding::skipped(CHECK, says))
        }
        Ok(_) => {
            Err(Finding::bad(CHECK, format!("`{}` is empty: start the bridge", file.display())))
        }
        Err(error) => Err(Finding::bad(
            CHECK,
            format!("`{}`: {error}: start the bridge, which makes it", file.display()),
        )),
    }
}

/// A bridge that the gateway starts.
fn managed(program: &Path, config: &BridgeConfig, patient: &Patient<'_>) -> Finding {
    let shown = program.display();
    let runs = std::fs::metadata(program)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0);
    if !runs {
        return Finding::bad(
            CHECK,
            format!(
                "`{shown}` is no program that can be started: correct `whatsapp.bridge.managed`"
            ),
        );
    }
    match Terms::accepted_as(config.accepted_terms.as_deref()) {
        Terms::Open => Finding::bad(
            CHECK,
            "its terms are not accepted, so it is not started: countersign platforms pair whatsapp",
        ),
        Terms::Accepted if patient.running.is_some() => {
            Finding::good(CHECK, format!("the gateway starts `{shown}`"))
        }
        Terms::Accepted => {
            Finding::skipped(CHECK, format!("the gateway starts `{shown}` when it runs"))
        }
    }
}

/// A bridge that somebody else starts says itself how it fares.
async fn answers(patient: &Patient<'_>, config: &BridgeConfig, token: String) -> Finding {
    let client = match client(patient.loaded, Some(token)) {
        Ok(Some(client)) => client,
        Ok(None) => return Finding::skipped(CHECK, "none is configured"),
        Err(failure) => return Finding::failed(CHECK, &failure),
    };
    let terms = Terms::accepted_as(config.accepted_terms.as_deref());
    let link = Link::new(client, None, terms, Arc::new(SystemClock));
    match link.state().await {
        AccountState::Connected => Finding::good(CHECK, format!("{} is linked", config.url)),
        AccountState::Reconnecting { why, .. } => Finding::bad(
            CHECK,
            format!("{}: {why}: is it running, and is `whatsapp.bridge.url` right?", config.url),
        ),
        AccountState::Refused { why } => Finding::bad(CHECK, format!("{}: {why}", config.url)),
    }
}
