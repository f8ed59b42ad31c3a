//! Every credential that this process holds: the one place where they are registered to be masked.
//!
//! Whoever loads another secret adds a line to [`held`]. API keys, cookies, sign-in links and
//! the tokens of running gateways are stored as digests only; the redactor's rule `own-token` finds
//! them by the format that they all have. What is made later (a rotated signing key) is learned by
//! the redactor where it is made.

use std::path::PathBuf;

use countersign_event_bus::NatsServer;
use countersign_event_bus::config::BusConfigError;
use countersign_gateway::KeyHolder;
use countersign_storage::Place;
use countersign_storage::config::filled;
use countersign_whatsapp_platform::cloud;

use crate::config::Loaded;
use crate::environment::Environment;

/// The credentials that are known at a start, by value.
pub(crate) fn held(
    loaded: &Loaded,
    environment: &Environment,
    tokens: &[&str],
    signer: &KeyHolder,
) -> Vec<String> {
    let config = &loaded.config;
    let mut held: Vec<String> = tokens.iter().map(|&token| token.to_owned()).collect();
    held.extend(environment.api_server_key().map(str::to_owned));
    held.extend(config.model.secrets(|name| environment.get(name)));
    held.extend(config.outbound.secrets(|name| environment.get(name)));
    held.extend(config.gateway.metrics_token(|name| environment.get(name)).ok().flatten());
    let accounts = config.platforms.mattermost_accounts();
    held.extend(countersign_mattermost::secrets(&accounts, |name| environment.get(name)));
    let numbers = config.platforms.whatsapp_accounts();
    held.extend(cloud::secrets(&numbers, |name| environment.get(name)));
    let store = config.store.place(PathBuf::new(), |name| environment.get(name));
    if let Ok(Place::Postgres(server)) = store {
        held.extend(server.password());
    }
    if let Ok(Some(server)) = bus(loaded, environment) {
        held.extend(server.secrets());
    }
    held.extend(signer.secrets());
    held
}

/// The server of the bus, with what one proves oneself with there.
pub(crate) fn bus(
    loaded: &Loaded,
    environment: &Environment,
) -> Result<Option<NatsServer>, BusConfigError> {
    let variable = |name: &str| environment.get(name);
    loaded.config.bus.server(variable, |text| filled(text, variable))
}
