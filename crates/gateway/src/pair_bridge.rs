//! Linking the bridge to the user's account, and how it fares.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::{AccountId, PlatformName};
use countersign_domain::identity::Actor;
use countersign_domain::time::Timestamp;
use countersign_ports::bridge_link::{BridgeLink, LinkState, PairError};
use countersign_ports::platform::AccountState;
use countersign_ports::service_bridge::BridgeError;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;
use crate::read_platforms::AccountView;

/// The platform that the bridge is to.
const PLATFORM: &str = "whatsapp";

/// The link to the user's account, if there is one, and the code that was shown last.
#[derive(Default)]
pub(crate) struct Link {
    link: OnceLock<Arc<dyn BridgeLink>>,
    shown: Mutex<Option<(String, Timestamp)>>,
}

/// Why linking an account is not shown.
#[derive(Debug, thiserror::Error)]
pub enum PairBridgeError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The bridge says nothing, or may not.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Names the link of the bridge. Only the first call counts.
    pub fn attach_link(&self, link: Arc<dyn BridgeLink>) {
        if self.link.link.set(link).is_err() {
            tracing::warn!("a second link was attached and is ignored");
        }
    }

    /// How linking the account stands, with the code to scan. Whoever is shown a code stands in the
    /// audit log before it is shown.
    pub async fn bridge_pairing(&self, caller: &Caller) -> Result<LinkState, PairBridgeError> {
        caller.require(Scope::Admin)?;
        let none = || BridgeError::Refused("no bridge is configured: `whatsapp.bridge`".to_owned());
        let link = self.link.link.get().ok_or_else(|| PairError::Bridge(none()))?;
        let state = link.pairing().await?;
        if let LinkState::Code(code) = &state {
            let who = (Actor::Principal(caller.principal.clone()), code.expires_at);
            self.note_code(link.account(), who).await?;
        }
        Ok(state)
    }

    /// One record a code and person: a page asks every few seconds.
    async fn note_code(
        &self,
        account: &AccountId,
        (actor, expires_at): (Actor, Timestamp),
    ) -> Result<(), StoreError> {
        let shown = Some((actor.to_string(), expires_at));
        if *self.link.shown.lock().unwrap_or_else(PoisonError::into_inner) == shown {
            return Ok(());
        }
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::LinkCodeShown,
            actor,
            subject: format!("{PLATFORM}/{account}"),
            session: None,
            detail: Map::from_iter([("expires_at".to_owned(), json!(expires_at))]),
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await?;
        *self.link.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(())
    }

    /// Looks how the link fares, so that whoever asks for the account's state is told what is so.
    pub(crate) async fn look_at_link(&self) {
        if let Some(link) = self.link.link.get() {
            link.state().await;
        }
    }

    /// How the bridge fares, for the list of accounts.
    pub(crate) async fn bridge_account(&self) -> Option<AccountView> {
        let link = self.link.link.get()?;
        let platform: PlatformName = PLATFORM.parse().ok()?;
        let masked = |why: String| self.redactor.redact(&why).into_owned();
        let state = match link.state().await {
            AccountState::Connected => AccountState::Connected,
            AccountState::Reconnecting { since, why } => {
                AccountState::Reconnecting { since, why: masked(why) }
            }
            AccountState::Refused { why } => AccountState::Refused { why: masked(why) },
        };
        Some(AccountView {
            problems: Vec::new(),
            platform,
            account: link.account().clone(),
            state: Some(state),
            kept_by: None,
            chats: 0,
        })
    }
}
