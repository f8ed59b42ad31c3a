//! Keeping the connections that bring what is said on platforms: each on one node at a time.
//!
//! A connection is kept under a lease, which falls with its node. What two nodes bring in the moment
//! of a change is taken once, by its delivery id.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::chat::Address;
use countersign_domain::ids::NodeId;
use countersign_domain::nodes::LeaseName;
use countersign_ports::event_bus::Call;
use countersign_ports::platform::{
    About, AccountState, Callback, CallbackReply, Callbacks, Inbox, LARGEST_BODY, Platform,
};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use tokio::task::JoinSet;

use super::desk::held;
use crate::gateway::Gateway;

/// After a connection was given up, the next attempt.
const AGAIN: Duration = Duration::from_mins(1);

/// Where it is not known whether a lease is held, the pause before it is looked again.
const LEASE_PAUSE: Duration = Duration::from_millis(500);

/// What is being done when a connection ends has so long.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);

/// So long after it was done its answer is on its way.
const ANSWERED: Duration = Duration::from_millis(300);

/// How often platforms are asked which chats there are, and menus are renewed that could not be.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// The lease of a bot's connection.
pub(crate) fn account_of(about: &About) -> String {
    format!("{}/{}", about.platform, about.account)
}

impl Gateway {
    /// Keeps the connections of the bots that are this node's, for as long as it is polled.
    pub async fn serve_platforms(self: &Arc<Self>) {
        // Whoever drops such a set ends what is in it.
        let mut lines: BTreeMap<String, JoinSet<()>> = BTreeMap::new();
        let mut kept = self.membership.accounts();
        let (mut looking, mut ending) = (JoinSet::new(), JoinSet::new());
        loop {
            if let Some(me) = self.membership.node()
                && let Err(error) = self.take_accounts(me).await
            {
                tracing::warn!(%error, "the leases of bots could not be taken");
            }
            kept.mark_unchanged();
            let adapters = self.chats.attached();
            let ours = |account: &String| self.membership.keeps(account);
            for (account, line) in std::mem::take(&mut lines) {
                if ours(&account) {
                    lines.insert(account, line);
                } else {
                    self.end_line(line, &mut ending);
                }
            }
            while ending.try_join_next().is_some() {}
            for (account, adapter) in adapters {
                if ours(&account) && !lines.contains_key(&account) {
                    let mut line = JoinSet::new();
                    line.spawn(keep_line(self.clone(), adapter));
                    lines.insert(account, line);
                }
            }
            tokio::select! {
                changed = kept.changed() => drop(changed),
                () = self.chats.newly_attached.notified() => {}
                // A look that takes so long is given up for the next one.
                () = tokio::time::sleep(LOOK_AGAIN) => {
                    let gateway = self.clone();
                    looking.abort_all();
                    while looking.try_join_next().is_some() {}
                    looking.spawn(async move { gateway.look_at_platforms().await });
                }
            }
        }
    }

    /// Takes the connections that nobody keeps, and lets go of those whose lease is not this node's.
    pub(crate) async fn take_accounts(&self, me: NodeId) -> Result<(), StoreError> {
        let attached = self.chats.accounts();
        if attached.is_empty() || self.is_leaving() {
            return Ok(());
        }
        let (kept, wanted): (Vec<String>, Vec<String>) =
            attached.into_iter().partition(|account| self.membership.keeps(account));
        let leases = self.store.nodes().lasting_leases().await?;
        let holder = |name: &LeaseName| {
            leases.iter().find(|lease| lease.name == *name).map(|lease| lease.holder)
        };
        for account in kept {
            if holder(&LeaseName::Account(account.clone())) != Some(me) {
                tracing::warn!(account, "the lease of a bot is not this node's any more");
                self.membership.lose_account(&account);
            }
        }
        for account in wanted {
            let name = LeaseName::Account(account.clone());
            let is_ours = match holder(&name) {
                Some(holder) => holder == me,
                None => self.take_account(me, name).await?,
            };
            if is_ours {
                self.membership.keep_account(me, account);
            }
        }
        Ok(())
    }

    /// The bot at an address, if this node keeps its connection: who does not puts no cards there.
    pub(super) fn kept_adapter(&self, address: &Address) -> Option<Arc<dyn Platform>> {
        let adapter = self.chats.adapter(address)?;
        self.membership.keeps(&account_of(adapter.about())).then_some(adapter)
    }

    /// Whether this node keeps the connection of a bot, and nobody can have taken it over: what two
    /// nodes write comes twice. Returns once that is known.
    pub(super) async fn may_write(&self, about: &About) -> bool {
        let account = account_of(about);
        loop {
            if !self.membership.keeps(&account) {
                return false;
            }
            match self.is_still_ours().await {
                Ok(()) => return self.membership.keeps(&account),
                Err(StoreError::Expelled) => return false,
                Err(error) => {
                    tracing::warn!(%error, "it is not known whether a chat is this node's");
                    tokio::time::sleep(LEASE_PAUSE).await;
                }
            }
        }
    }

    /// Ends a connection. Who leaves in peace answers what was said on it before.
    fn end_line(self: &Arc<Self>, line: JoinSet<()>, ending: &mut JoinSet<()>) {
        if self.is_leaving() && !self.chats.hands.are_idle() {
            let gateway = self.clone();
            ending.spawn(async move {
                gateway.chats.hands.idle(LAST_WORDS).await;
                tokio::time::sleep(ANSWERED).await;
                drop(line);
            });
        }
    }

    /// What was begun for chats is ended, as far as there is time.
    pub(crate) async fn end_what_was_said(&self) {
        if !self.chats.hands.are_idle() {
            self.chats.hands.idle(LAST_WORDS).await;
            tokio::time::sleep(ANSWERED).await;
        }
    }

    /// The bots that are attached, and how those fare whose connection this node keeps.
    pub(crate) fn accounts(&self) -> Vec<(String, About, Option<AccountState>)> {
        let view = |(account, adapter): (String, Arc<dyn Platform>)| {
            let state = self.membership.keeps(&account).then(|| self.fares(adapter.as_ref()));
            (account, adapter.about().clone(), state)
        };
        self.chats.attached().into_iter().map(view).collect()
    }

    /// What an operator should set for a bot whose connection this node keeps.
    pub(crate) fn problems_of(&self, account: &str) -> Vec<String> {
        let Some(adapter) = self.chats.attached().remove(account) else { return Vec::new() };
        if !self.membership.keeps(account) {
            return Vec::new();
        }
        let masked = |problem: String| self.redactor.redact(&problem).into_owned();
        adapter.problems().into_iter().map(masked).collect()
    }

    /// An adapter may repeat an address in which its platform wants a secret.
    fn fares(&self, adapter: &dyn Platform) -> AccountState {
        let masked = |why: String| self.redactor.redact(&why).into_owned();
        match adapter.state() {
            AccountState::Connected => AccountState::Connected,
            AccountState::Reconnecting { since, why } => {
                AccountState::Reconnecting { since, why: masked(why) }
            }
            AccountState::Refused { why } => AccountState::Refused { why: masked(why) },
        }
    }

    async fn take_account(&self, me: NodeId, name: LeaseName) -> Result<bool, StoreError> {
        match self.commit(UnitOfWork::new().and(Change::TakeLease(name, me))).await {
            Ok(_) => Ok(true),
            // Another node was quicker.
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Leaves the connections to other nodes.
    pub(crate) async fn drop_accounts(&self, me: NodeId) -> Result<(), StoreError> {
        let accounts = self.membership.drop_accounts();
        self.end_what_was_said().await;
        if accounts.is_empty() {
            return Ok(());
        }
        let mut work = UnitOfWork::new();
        for account in accounts {
            work.push(Change::DropLease(LeaseName::Account(account), me));
        }
        self.commit(work).await?;
        self.bus.call(Call::Work);
        Ok(())
    }

    /// The largest body of a request that the platform of this bot makes, in bytes.
    pub fn largest_body(&self, account: &str) -> usize {
        let adapter = self.chats.attached().remove(account);
        let callbacks = adapter.as_ref().and_then(|adapter| adapter.callbacks());
        callbacks.map_or(LARGEST_BODY, Callbacks::largest_body)
    }

    /// Hands a request of a platform to the bot that it is for; `None` if there is no such bot, or
    /// it takes none.
    pub async fn call_platform(
        self: &Arc<Self>,
        account: &str,
        callback: Callback,
    ) -> Option<CallbackReply> {
        let adapter = self.chats.attached().remove(account)?;
        let inbox: Arc<dyn Inbox> = self.clone();
        Some(adapter.callbacks()?.call(callback, &inbox).await)
    }
}

async fn keep_line(gateway: Arc<Gateway>, adapter: Arc<dyn Platform>) {
    let inbox: Arc<dyn Inbox> = gateway;
    loop {
        let error = adapter.listen(&inbox).await;
        let account = account_of(adapter.about());
        tracing::warn!(account, %error, "the connection of a bot was given up for a while");
        tokio::time::sleep(AGAIN).await;
    }
}

impl super::ChatDesk {
    /// The bots by their accounts.
    pub(super) fn attached(&self) -> BTreeMap<String, Arc<dyn Platform>> {
        let adapters = held(&self.adapters);
        adapters.values().map(|one| (account_of(one.about()), one.clone())).collect()
    }

    fn accounts(&self) -> Vec<String> {
        self.attached().into_keys().collect()
    }
}
