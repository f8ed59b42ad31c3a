//! The chat platforms that there are. A new one adds its name and its adapters here.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_domain::chat::PlatformName;
use countersign_gateway::Gateway;
use countersign_ports::delivery::Messenger;
use countersign_ports::platform::Platform;

use crate::config::Loaded;
use crate::environment::Environment;
use crate::failure::Failure;

/// The platforms that `platforms` of the configuration may name.
pub(crate) fn known() -> Vec<PlatformName> {
    vec![PlatformName::api()]
}

/// The bots that are configured. Nothing is connected yet.
#[expect(clippy::unnecessary_wraps, reason = "what a platform needs may be missing")]
pub(crate) fn adapters(_: &Loaded, _: &Environment) -> Result<Vec<Arc<dyn Platform>>, Failure> {
    Ok(Vec::new())
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
