//! How a bridge is linked to the user's account, and linking it.

use async_trait::async_trait;
use countersign_domain::chat::AccountId;
use countersign_domain::time::Timestamp;

use crate::platform::AccountState;
use crate::service_bridge::BridgeError;

/// The link between a bridge and an account.
#[async_trait]
pub trait BridgeLink: Send + Sync + 'static {
    /// The account, as its deliveries are remembered.
    fn account(&self) -> &AccountId;

    /// How the bridge fares, as somebody is told who looks now.
    async fn state(&self) -> AccountState;

    /// How linking the account stands. Asking makes the bridge get a code, if there is none.
    async fn pairing(&self) -> Result<LinkState, PairError>;
}

/// How linking an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// It is linked.
    Linked(LinkedAccount),
    /// Whoever scans this code links it.
    Code(LinkCode),
    /// There is no code yet.
    Waiting {
        /// What is in the way, if anything is.
        why: Option<String>,
    },
}

/// Whose account is linked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkedAccount {
    /// Their number, as people write it.
    pub number: Option<String>,
    /// The name that they have given themselves.
    pub name: Option<String>,
}

/// A code that links an account: a credential, shown to administrators and written nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkCode {
    /// The drawing for a page: two paths, and nothing that runs or is fetched.
    pub svg: String,
    /// The drawing for a terminal: blocks, half blocks and spaces.
    pub text: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for LinkCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkCode").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Why nothing is said of linking an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// Nobody has accepted what linking an account means.
    #[error(
        "nobody has accepted the terms `{0}`; read and accept them: \
         `countersign platforms pair whatsapp`"
    )]
    Terms(&'static str),
    /// The bridge says nothing.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
}
