//! The bridge, and what it brings.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use countersign_domain::service_conversations::{RecentChat, ServiceChatId};
use countersign_ports::service_bridge::{BridgeError, Listing, ServiceBridge};

use crate::gateway::Gateway;

/// How long the bridge waits for something to bring.
const WAIT: Duration = Duration::from_secs(25);

/// How long it is left alone after it failed.
const PAUSE: Duration = Duration::from_secs(1);

/// How many chats are looked through for a name.
const LOOKED_THROUGH: usize = 200;

/// The bridge, if there is one.
pub(crate) type Bridge = OnceLock<Arc<dyn ServiceBridge>>;

impl Gateway {
    /// Names the bridge to the user's account. Only the first call counts.
    pub fn attach_bridge(&self, bridge: Arc<dyn ServiceBridge>) {
        if self.bridge.set(bridge).is_err() {
            tracing::warn!("a second bridge was attached and is ignored");
        }
    }

    /// Takes what the bridge brings, for ever. A message is acknowledged once what becomes of it is
    /// on stable storage; what is brought twice is taken once.
    pub async fn serve_bridge(&self) {
        let Some(bridge) = self.bridge.get() else {
            return std::future::pending().await;
        };
        loop {
            let taken = self.take_what_is_there(bridge.as_ref()).await;
            self.look_at_link().await;
            if let Err(error) = taken {
                tracing::warn!(%error, "the bridge brought nothing");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn take_what_is_there(&self, bridge: &dyn ServiceBridge) -> Result<(), BridgeError> {
        for message in bridge.messages(WAIT).await? {
            if let Err(error) = self.hear_in_account(bridge.account(), &message).await {
                // It is brought again, and so is what came after it.
                return Err(BridgeError::Unavailable(error.to_string()));
            }
            bridge.acknowledge(&message.cursor).await?;
        }
        Ok(())
    }

    /// Which chats can be listed.
    pub fn listing(&self) -> Listing {
        self.bridge.get().map_or(Listing::Account, |bridge| bridge.listing())
    }

    /// What is said of a list in which chats may be missing.
    pub(crate) fn of_the_list(&self) -> Option<&'static str> {
        match self.listing() {
            Listing::Account => None,
            Listing::Seen => Some(
                "Only chats are known in which something was written to this number; there is no \
                 list of all.",
            ),
        }
    }

    /// The recent chats, newest first.
    pub(super) async fn recent(&self, limit: usize) -> Result<Vec<RecentChat>, BridgeError> {
        let none = || BridgeError::Refused("no bridge is configured: `whatsapp.bridge`".to_owned());
        let bridge = self.bridge.get().ok_or_else(none)?;
        bridge.chats(limit).await
    }

    /// The recent chats with one person, by the names that can be shown.
    pub(super) async fn recent_names(&self) -> Result<Vec<(ServiceChatId, String)>, BridgeError> {
        let chats = self.recent(LOOKED_THROUGH).await?;
        let named = chats.iter().filter_map(|chat| Some((chat.person()?, chat.shown_name()?)));
        Ok(named.collect())
    }
}
