//! What the dispatcher keeps while the process lives: nothing that a restart may not lose.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use countersign_domain::chat::{AccountId, Address, PlatformName};
use countersign_domain::commands::{Command, RegistrationRefused, Registry};
use countersign_domain::ids::SessionId;
use countersign_ports::event_bus::Call;
use countersign_ports::file_shelf::FileShelf;
use countersign_ports::platform::{About, Feature, KnownChat, NativeCommand, Platform};
use countersign_ports::plugins::Plugins;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::hands::Hands;
use super::late::Late;
use super::listen::account_of;
use super::refuse::Refusals;
use crate::gateway::Gateway;

/// How long a platform may take to take a menu.
const MENU_PATIENCE: Duration = Duration::from_secs(10);

/// The adapters by platform and account.
type Adapters = BTreeMap<(PlatformName, AccountId), Arc<dyn Platform>>;

/// The platforms, the live commands, and who is owed something.
pub(crate) struct ChatDesk {
    registry: Mutex<Arc<Registry>>,
    pub(super) adapters: Mutex<Adapters>,
    dropped: Mutex<BTreeMap<DropReason, u64>>,
    /// Who carries out the commands of plugins.
    pub(super) plugins: OnceLock<Arc<dyn Plugins>>,
    /// Who keeps files that people send.
    pub(super) shelf: OnceLock<Arc<dyn FileShelf>>,
    /// Held while a file is put there.
    pub(super) shelving: tokio::sync::Mutex<()>,
    /// Wants the gateway to begin anew.
    pub(super) restart: Notify,
    /// Whether anybody could restart it.
    pub(super) restarts: AtomicBool,
    /// Until when each bot is to say nothing, as its platform wanted.
    pauses: Mutex<BTreeMap<(PlatformName, AccountId), Instant>>,
    /// Sessions whose runs are to be told of.
    pub(super) owed: Mutex<BTreeSet<SessionId>>,
    pub(super) more_owed: Notify,
    /// What is being done right now.
    pub(super) hands: Hands,
    pub(crate) more_owed_cards: Notify,
    /// What was brought and not believed.
    pub(super) refusals: Mutex<Refusals>,
    /// A bot was attached, whose connection is to be kept.
    pub(super) newly_attached: Notify,
    pub(super) menus_changed: Notify,
    /// Held while somebody unknown is given a code.
    pub(super) pairing: tokio::sync::Mutex<()>,
    /// Answers of plugins that are still to come.
    pub(super) late: Mutex<Vec<Late>>,
    pub(super) more_late: Notify,
    /// Bots whose platform does not have the newest commands.
    pub(super) stale_menus: Mutex<BTreeSet<String>>,
    /// The chats that platforms have told of, by account.
    pub(super) known: Mutex<BTreeMap<String, Vec<KnownChat>>>,
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
    /// Who wrote it was given a code already, or too many were.
    CodeGiven,
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
}

impl DropReason {
    /// The words for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnMessage => "the bot's own messages",
            Self::Bot => "other bots",
            Self::NobodyKnown => "nobody known",
            Self::NotAllowed => "not allowed to talk",
            Self::NotMentioned => "not naming the bot",
            Self::ForAnotherBot => "for another bot",
            Self::Empty => "empty",
            Self::Duplicate => "brought twice",
            Self::CodeGiven => "waiting to be let in",
        }
    }
}

impl ChatDesk {
    /// A desk with the built-in commands and these.
    pub(crate) fn with(quick: &[Command]) -> Self {
        let mut registry = Registry::builtin();
        for command in quick {
            if let Err(error) = registry.register(command.clone()) {
                tracing::warn!(%error, "a quick command is left out");
            }
        }
        Self {
            registry: Mutex::new(Arc::new(registry)),
            plugins: OnceLock::new(),
            shelf: OnceLock::new(),
            shelving: tokio::sync::Mutex::default(),
            restart: Notify::new(),
            restarts: AtomicBool::new(false),
            menus_changed: Notify::new(),
            late: Mutex::default(),
            more_late: Notify::new(),
            stale_menus: Mutex::default(),
            known: Mutex::default(),
            adapters: Mutex::default(),
            dropped: Mutex::default(),
            pauses: Mutex::default(),
            owed: Mutex::default(),
            more_owed: Notify::new(),
            hands: Hands::default(),
            more_owed_cards: Notify::new(),
            pairing: tokio::sync::Mutex::default(),
            refusals: Mutex::default(),
            newly_attached: Notify::new(),
        }
    }

    /// The commands that there are now.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        held(&self.registry).clone()
    }

    pub(super) fn adapter(&self, address: &Address) -> Option<Arc<dyn Platform>> {
        let key = (address.platform.clone(), address.account.clone());
        held(&self.adapters).get(&key).cloned()
    }

    /// A bot says nothing for so long.
    pub(super) fn pause(&self, about: &About, wanted: Duration) {
        let until = Instant::now() + wanted;
        let mut pauses = held(&self.pauses);
        let pause = pauses.entry((about.platform.clone(), about.account.clone())).or_insert(until);
        *pause = until.max(*pause);
    }

    /// Until when a bot is to say nothing, if that is not over.
    pub(super) fn paused(&self, about: &About) -> Option<Instant> {
        let key = (about.platform.clone(), about.account.clone());
        held(&self.pauses).get(&key).copied().filter(|until| Instant::now() < *until)
    }

    pub(super) fn count_drop(&self, reason: DropReason) {
        *held(&self.dropped).entry(reason).or_default() += 1;
    }

    /// Adds a command; the platforms' menus follow.
    pub(super) fn register(&self, command: Command) -> Result<(), RegistrationRefused> {
        let mut registry = held(&self.registry);
        let mut next = Registry::clone(&registry);
        next.register(command)?;
        *registry = Arc::new(next);
        self.menus_changed.notify_one();
        Ok(())
    }

    /// Takes a plugin's commands away; the platforms' menus follow.
    pub(super) fn withdraw(&self, plugin: &str) {
        let mut registry = held(&self.registry);
        let mut next = Registry::clone(&registry);
        next.remove_plugin(plugin);
        if next != **registry {
            *registry = Arc::new(next);
            self.menus_changed.notify_one();
        }
    }

    /// Somebody is owed what becomes of the runs of `session`.
    pub(super) fn owe(&self, session: SessionId) {
        held(&self.owed).insert(session);
        self.more_owed.notify_one();
    }
}

impl Gateway {
    /// Somebody may be owed what becomes of the runs of `session`: the node that keeps the bot is told.
    pub(crate) fn owe_chat(&self, session: SessionId) {
        self.chats.owe(session);
        if self.membership.has_company() {
            self.bus.call(Call::Work);
        }
    }

    /// Somebody at `address` is owed it.
    pub(super) fn owe_at(&self, address: &Address, session: SessionId) {
        if self.kept_adapter(address).is_some() {
            self.chats.owe(session);
        } else {
            self.owe_chat(session);
        }
    }

    /// Takes a bot: from now on it is told the commands and what is said to its chats, and its
    /// connection is kept by [`Self::serve_platforms`]. A menu that its platform does not take is no
    /// reason to do without the bot.
    pub async fn attach_platform(&self, adapter: Arc<dyn Platform>) -> Result<(), AttachError> {
        let about = adapter.about();
        if about.platform.is_reserved() {
            return Err(AttachError::Reserved(about.platform.clone()));
        }
        let key = (about.platform.clone(), about.account.clone());
        let (platform, account) = key.clone();
        match held(&self.chats.adapters).entry(key) {
            Entry::Occupied(_) => return Err(AttachError::Taken(platform, account)),
            Entry::Vacant(free) => drop(free.insert(adapter.clone())),
        }
        // What its chats were owed before it came could not be told.
        if let Err(error) = self.find_owed().await {
            tracing::warn!(%error, "what is owed to chats could not be read");
        }
        let account = account_of(adapter.about());
        self.renew_menu(adapter.as_ref()).await;
        self.learn_chats(account, adapter.as_ref()).await;
        self.chats.newly_attached.notify_one();
        Ok(())
    }

    /// Tells every platform that has a menu of commands which there are now.
    pub(super) async fn renew_menus(&self) {
        let adapters: Vec<Arc<dyn Platform>> =
            held(&self.chats.adapters).values().cloned().collect();
        for adapter in adapters {
            self.renew_menu(adapter.as_ref()).await;
        }
    }

    /// Tells a platform that has a menu of commands which there are now, and remembers whether it
    /// took them.
    pub(super) async fn renew_menu(&self, adapter: &dyn Platform) {
        let about = adapter.about();
        if !about.features.contains(&Feature::NativeCommands) {
            return;
        }
        let commands = native(&self.chats.registry());
        let renewed = tokio::time::timeout(MENU_PATIENCE, adapter.register_commands(&commands));
        let error = match renewed.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("no answer".to_owned()),
        };
        let account = account_of(about);
        let mut stale = held(&self.chats.stale_menus);
        match error {
            None => drop(stale.remove(&account)),
            Some(error) => {
                tracing::warn!(account, error, "the menu of a bot could not be renewed");
                stale.insert(account);
            }
        }
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
