//! How the bots on chat platforms fare.

use countersign_domain::access::Scope;
use countersign_domain::audit::NodeName;
use countersign_domain::chat::{AccountId, PlatformName};
use countersign_domain::nodes::LeaseName;
use countersign_ports::platform::{About, AccountState};
use countersign_ports::store::StoreError;

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// A bot, as the node sees it that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// Whether what is said to it comes in; `None` where another node keeps its connection, which
    /// knows.
    pub state: Option<AccountState>,
    /// The node that keeps its connection; `None` if none does, or there are no others.
    pub kept_by: Option<NodeName>,
    /// How many chats it is known to be in.
    pub chats: usize,
    /// What an operator should set so that everything works, as far as this node knows.
    pub problems: Vec<String>,
}

/// Why the bots are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadPlatformsError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// The bots that are attached, by platform and account.
    pub async fn platforms(&self, caller: &Caller) -> Result<Vec<AccountView>, ReadPlatformsError> {
        caller.require(Scope::Admin)?;
        let reads = self.store.nodes();
        let leases = reads.lasting_leases().await?;
        let living = reads.living().await?;
        let keeper = |account: &str| {
            let name = LeaseName::Account(account.to_owned());
            let holder = leases.iter().find(|lease| lease.name == name)?.holder;
            let node = living.iter().find(|living| living.node.id == holder)?;
            Some(node.node.name.clone())
        };
        let view = |(account, about, state): (String, About, Option<AccountState>)| AccountView {
            kept_by: keeper(&account),
            chats: self.known_chats(&account),
            problems: self.problems_of(&account),
            platform: about.platform,
            account: about.account,
            state,
        };
        let mut views: Vec<AccountView> = self.accounts().into_iter().map(view).collect();
        if let Some(own) = self.bridge_account().await {
            let same =
                |one: &AccountView| one.platform == own.platform && one.account == own.account;
            match views.iter_mut().find(|one| same(one)) {
                // The link knows better than the chats that are held over it.
                Some(known) if known.state.is_some() => known.state = own.state,
                Some(_) => {}
                None => views.push(own),
            }
        }
        Ok(views)
    }

    /// How many bots whose connection this node keeps are in each state.
    pub(crate) fn account_states(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let states: Vec<&str> = self
            .accounts()
            .iter()
            .filter_map(|(_, _, state)| state.as_ref().map(AccountState::as_str))
            .collect();
        AccountState::WORDS.into_iter().map(move |word| {
            let count = states.iter().filter(|state| **state == word).count();
            (word, i64::try_from(count).unwrap_or(i64::MAX))
        })
    }
}
