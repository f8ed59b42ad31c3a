//! The business number on the official Cloud API, as `platforms.whatsapp.accounts` or the environment
//! describes it.

use std::sync::Arc;

use countersign_gateway::Gateway;
use countersign_ports::delivery::Messenger;
use countersign_ports::platform::Notes;
use countersign_whatsapp_platform::cloud::{self, Cloud, ConfigProblem, Parts, Settings};

use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::environment::Environment;
use crate::failure::Failure;

/// The number, if one is described. Nothing is connected yet.
pub(crate) fn client(
    loaded: &Loaded,
    environment: &Environment,
    (gateway, secret): (&Arc<Gateway>, [u8; 32]),
) -> Result<Option<Arc<Cloud>>, Failure> {
    let Some(settings) = settings(loaded, |name| environment.get(name))? else {
        return Ok(None);
    };
    check_alone(loaded)?;
    made(settings, gateway.clone(), secret).map(Some)
}

/// The number of these settings.
pub(crate) fn made(
    settings: Settings,
    notes: Arc<dyn Notes>,
    secret: [u8; 32],
) -> Result<Arc<Cloud>, Failure> {
    let parts = Parts { clock: Arc::new(SystemClock), notes, secret };
    Cloud::new(settings, parts).map_err(Failure::refused)
}

/// What the configuration and the environment say of it.
pub(crate) fn settings(
    loaded: &Loaded,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<Settings>, Failure> {
    let accounts = loaded.config.platforms.whatsapp_accounts();
    let settings = cloud::settings(&accounts, environment);
    Ok(settings.map_err(|ConfigProblem { key, problem }| {
        loaded.problem(&format!("platforms.whatsapp.{key}"), &problem)
    })?)
}

/// Names the number to the gateway, and gives who carries letters from it.
pub(crate) fn attach(number: Arc<Cloud>, gateway: &Arc<Gateway>) -> Arc<dyn Messenger> {
    gateway.attach_bridge(number.clone());
    gateway.bridge_messenger(number)
}

/// Nothing, or the first value that a start would refuse. What the environment says is known only
/// where the gateway is started.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    if loaded.config.platforms.whatsapp_accounts().is_empty() {
        return Ok(());
    }
    let given = |name: &str| match name {
        cloud::NUMBER => Some("106540352242922".to_owned()),
        _ => Some("given-at-the-start".to_owned()),
    };
    settings(loaded, given)?;
    check_alone(loaded)
}

/// Nothing, or that there is a bridge beside the number.
fn check_alone(loaded: &Loaded) -> Result<(), Failure> {
    if loaded.config.whatsapp.bridge.is_none() {
        return Ok(());
    }
    let what = "there is a business number on the Cloud API, too: one of the two ways to WhatsApp \
                at a time";
    Err(loaded.problem("whatsapp.bridge", what).into())
}
