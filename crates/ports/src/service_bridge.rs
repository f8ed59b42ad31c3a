//! The bridge to the user's own account, through which service conversations are held.
//!
//! A bridge forwards everything and decides nothing. What it sends takes an
//! [`OutboundPermit`](countersign_domain::permit::OutboundPermit) and is a
//! [`Messenger`](crate::delivery::Messenger)'s business.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::chat::AccountId;
use countersign_domain::service_conversations::{ChatKind, RecentChat};
use countersign_domain::time::Timestamp;

/// One bridge to one account.
#[async_trait]
pub trait ServiceBridge: Send + Sync + 'static {
    /// The account that it is linked to, as its deliveries are remembered.
    fn account(&self) -> &AccountId;

    /// The recent chats, newest first, at most `limit`.
    async fn chats(&self, limit: usize) -> Result<Vec<RecentChat>, BridgeError>;

    /// What was said since what was last acknowledged, oldest first; waits so long for the first of
    /// it.
    async fn messages(&self, wait: Duration) -> Result<Vec<BridgeMessage>, BridgeError>;

    /// The message with this cursor and all before it are kept here now.
    async fn acknowledge(&self, cursor: &str) -> Result<(), BridgeError>;
}

/// Something that was said in a chat of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeMessage {
    /// Where it stands in the order of the bridge.
    pub cursor: String,
    /// The platform's own id of it.
    pub id: String,
    /// The id of the chat: a JID.
    pub chat: String,
    /// What the chat is.
    pub kind: ChatKind,
    /// The JID with the number of the other side, as the protocol says.
    pub number: Option<String>,
    /// The LID of the other side, as the protocol says.
    pub lid: Option<String>,
    /// The name that the other side has given itself.
    pub push_name: Option<String>,
    /// Who said it.
    pub from: BridgeSender,
    /// The text: what was typed, or below a picture, or on a button that was pressed.
    pub text: String,
    /// What else there is in it, such as `image`.
    pub media: Option<String>,
    /// When it was said.
    pub at: Timestamp,
}

/// Who said something in a chat of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BridgeSender {
    /// The other side.
    Provider,
    /// The user, on another device.
    User,
}

/// Why a bridge does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// It may work later.
    #[error("the bridge cannot be reached: {0}")]
    Unavailable(String),
    /// It will not work.
    #[error("the bridge refuses: {0}")]
    Refused(String),
}
