//! What the dispatcher keeps while the process lives: nothing that a restart may not lose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_domain::chat::{AccountId, Address, PlatformName};
use countersign_domain::commands::Registry;
use countersign_domain::ids::SessionId;
use countersign_ports::platform::{Feature, NativeCommand, Platform, PlatformError};
use tokio::sync::Notify;

use crate::gateway::Gateway;

/// The adapters by platform and account.
type Adapters = BTreeMap<(PlatformName, AccountId), Arc<dyn Platform>>;

/// The platforms, the live commands, and who is owed something.
pub(crate) struct ChatDesk {
    registry: Mutex<Arc<Registry>>,
    adapters: Mutex<Adapters>,
    dropped: Mutex<BTreeMap<DropReason, u64>>,
    /// Sessions whose runs are to be told of.
    pub(super) owed: Mutex<BTreeSet<SessionId>>,
    pub(super) more_owed: Notify,
}

/// Why something inbound goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The bot's own message came back.
    OwnMessage,
    /// Another program wrote it.
    Bot,
    /// The platform does not say who wrote it.
    NobodyKnown,
    /// Who wrote it may not talk here.
    NotAllowed,
    /// The bot is not meant.
    NotMentioned,
    /// It commands another bot.
    ForAnotherBot,
    /// It says nothing.
    Empty,
    /// It came before.
    Duplicate,
}

/// Why an adapter is not attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The name is the gateway's own.
    #[error("`{0}` is a name of the gateway's own surfaces")]
    Reserved(PlatformName),
    /// There is one already.
    #[error("`{0}` has an adapter for `{1}` already")]
    Taken(PlatformName, AccountId),
    /// The platform did not take the commands.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl Default for ChatDesk {
    fn default() -> Self {
        Self {
            registry: Mutex::new(Arc::new(Registry::builtin())),
            adapters: Mutex::default(),
            dropped: Mutex::default(),
            owed: Mutex::default(),
            more_owed: Notify::new(),
        }
    }
}

impl ChatDesk {
    /// The commands that there are now.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        held(&self.registry).clone()
    }

    pub(super) fn adapter(&self, address: &Address) -> Option<Arc<dyn Platform>> {
        let key = (address.platform.clone(), address.account.clone());
        held(&self.adapters).get(&key).cloned()
    }

    pub(super) fn count_drop(&self, reason: DropReason) {
        *held(&self.dropped).entry(reason).or_default() += 1;
    }

    /// Somebody is owed what becomes of the runs of `session`.
    pub(super) fn owe(&self, session: SessionId) {
        held(&self.owed).insert(session);
        self.more_owed.notify_one();
    }
}

impl Gateway {
    /// Connects a bot: from now on it is told its commands, and is given what is said to its chats.
    pub async fn attach_platform(&self, adapter: Arc<dyn Platform>) -> Result<(), AttachError> {
        let about = adapter.about();
        if about.platform.is_reserved() {
            return Err(AttachError::Reserved(about.platform.clone()));
        }
        if about.features.contains(&Feature::NativeCommands) {
            adapter.register_commands(&native(&self.chats.registry())).await?;
        }
        let key = (about.platform.clone(), about.account.clone());
        let (platform, account) = key.clone();
        let mut adapters = held(&self.chats.adapters);
        if adapters.contains_key(&key) {
            return Err(AttachError::Taken(platform, account));
        }
        adapters.insert(key, adapter);
        Ok(())
    }

    /// How much was dropped, and why.
    pub fn dropped(&self) -> BTreeMap<DropReason, u64> {
        held(&self.chats.dropped).clone()
    }
}

fn native(registry: &Registry) -> Vec<NativeCommand> {
    let native = registry.iter().map(|command| NativeCommand {
        name: command.name.to_string(),
        description: command.description.clone(),
        arguments: command.arguments.clone(),
    });
    native.collect()
}

/// What the lock holds; a panic elsewhere leaves it as it was, which is good enough for counts and
/// lists.
pub(super) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
