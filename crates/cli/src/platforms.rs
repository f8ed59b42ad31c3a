//! The chat platforms that there are. A new one adds its name and its adapters here.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use countersign_domain::chat::PlatformName;
use countersign_gateway::Gateway;
use countersign_mattermost::{ConfigProblem, Mattermost, PLATFORM as MATTERMOST, Settings};
use countersign_ports::clock::Clock;
use countersign_ports::delivery::Messenger;
use countersign_ports::entropy::Entropy;
use countersign_ports::platform::Platform;

use crate::clock::SystemClock;
use crate::config::Loaded;
use crate::environment::Environment;
use crate::failure::Failure;

/// What adapters are made of besides their settings.
pub(crate) struct AdapterParts<'a> {
    /// Where they keep what they remember.
    pub(crate) gateway: &'a Arc<Gateway>,
    /// Where randomness comes from.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The secret of the house.
    pub(crate) secret: [u8; 32],
    /// Where the gateway listens.
    pub(crate) local_addr: SocketAddr,
}

/// The platforms that `platforms` of the configuration may name.
pub(crate) fn known() -> Vec<PlatformName> {
    let mattermost = MATTERMOST.parse().ok();
    [PlatformName::api(), PlatformName::whatsapp()].into_iter().chain(mattermost).collect()
}

/// The bots that are configured. Nothing is connected yet.
pub(crate) fn adapters(
    loaded: &Loaded,
    environment: &Environment,
    parts: &AdapterParts<'_>,
) -> Result<Vec<Arc<dyn Platform>>, Failure> {
    let mut adapters: Vec<Arc<dyn Platform>> = Vec::new();
    for settings in mattermost(loaded, environment, parts.local_addr)? {
        let made = countersign_mattermost::Parts {
            clock: Arc::new(SystemClock) as Arc<dyn Clock>,
            entropy: parts.entropy.clone(),
            notes: parts.gateway.clone(),
            secret: parts.secret,
        };
        adapters.push(Mattermost::new(settings, made).map_err(Failure::refused)?);
    }
    Ok(adapters)
}

/// The bots on Mattermost.
pub(crate) fn mattermost(
    loaded: &Loaded,
    environment: &Environment,
    local_addr: SocketAddr,
) -> Result<Vec<Settings>, Failure> {
    let accounts = loaded.config.platforms.mattermost_accounts();
    let here = format!("http://{}", crate::serve::reachable(local_addr));
    let settings = countersign_mattermost::settings(&accounts, |name| environment.get(name), &here);
    told(loaded, settings)
}

/// Nothing, or the first value that a start would refuse. What the environment says is known only
/// where the gateway is started.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Failure> {
    let given = |name: &str| match name {
        "MATTERMOST_URL" => Some("https://chat.example.org".to_owned()),
        "MATTERMOST_HOME_CHANNEL" => None,
        _ => Some("given".to_owned()),
    };
    let accounts = loaded.config.platforms.mattermost_accounts();
    let settings = countersign_mattermost::settings(&accounts, given, "http://127.0.0.1:8642");
    told(loaded, settings).map(drop)
}

fn told(
    loaded: &Loaded,
    settings: Result<Vec<Settings>, ConfigProblem>,
) -> Result<Vec<Settings>, Failure> {
    Ok(settings.map_err(|ConfigProblem { key, problem }| {
        loaded.problem(&format!("platforms.mattermost.{key}"), &problem)
    })?)
}

/// Who carries messages to the chats of these bots: one a platform.
pub(crate) fn messengers(
    gateway: &Arc<Gateway>,
    adapters: &[Arc<dyn Platform>],
) -> Vec<Arc<dyn Messenger>> {
    let names: BTreeSet<PlatformName> =
        adapters.iter().map(|one| one.about().platform.clone()).collect();
    names.into_iter().map(|name| gateway.messenger(name)).collect()
}
