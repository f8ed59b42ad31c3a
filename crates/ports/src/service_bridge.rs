//! The bridge to the user's own account, through which service conversations are held.
//!
//! A bridge forwards everything and decides nothing. What it sends to third parties takes an
//! [`OutboundPermit`].

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::approvals::Choice;
use countersign_domain::chat::{AccountId, CardNonce, MessageId};
use countersign_domain::ids::CardId;
use countersign_domain::outbound::Destination;
use countersign_domain::permit::OutboundPermit;
use countersign_domain::service_conversations::{ChatKind, RecentChat};
use countersign_domain::time::Timestamp;

use crate::platform::BroughtFile;

/// One bridge to one account.
#[async_trait]
pub trait ServiceBridge: Send + Sync + 'static {
    /// The account that it is linked to, as its deliveries are remembered.
    fn account(&self) -> &AccountId;

    /// Which chats it can list.
    fn listing(&self) -> Listing {
        Listing::Account
    }

    /// The recent chats, newest first, at most `limit`.
    async fn chats(&self, limit: usize) -> Result<Vec<RecentChat>, BridgeError>;

    /// What was said since what was last acknowledged, oldest first; waits so long for the first of
    /// it.
    async fn messages(&self, wait: Duration) -> Result<Vec<BridgeMessage>, BridgeError>;

    /// The message with this cursor and all before it are kept here now.
    async fn acknowledge(&self, cursor: &str) -> Result<(), BridgeError>;

    /// Nothing, or why a message to this destination cannot be sent, without asking anybody.
    fn check(&self, destination: &Destination) -> Result<(), String>;

    /// Whether what is sent again under its key shows once.
    fn repeats(&self) -> Repeats;

    /// Makes one attempt to send the message. The grant is the idempotency key.
    async fn send(&self, message: &OutboundPermit) -> SendAttempt;
}

/// Which chats a bridge can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those of the account.
    Account,
    /// Those in which something was said since the bridge has been there.
    Seen,
}

/// Whether a message can be given to a bridge twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It shows once.
    Once,
    /// It shows as often as it is given.
    Each,
}

/// How one attempt to send something went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendAttempt {
    /// It was taken.
    Sent(MessageId),
    /// It was not taken, and will not be.
    Refused(String),
    /// It was not taken: too much at one time.
    SlowDown(Duration),
    /// Nothing was said to the other side; another attempt may do.
    NotReached(String),
    /// It may have been taken. The same key again is the same message, where
    /// [`ServiceBridge::repeats`] says so.
    Unknown(String),
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
    /// The file that it brings, as its sender describes it.
    pub file: Option<BroughtFile>,
    /// The message that it answers, if it answers one.
    pub reply_to: Option<MessageId>,
    /// The row of a card that was tapped, as the row says; `reply_to` is the message that has it.
    pub tapped: Option<Tapped>,
    /// When it was said.
    pub at: Timestamp,
}

/// A row of a card, as it says of itself: anybody may have made it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tapped {
    /// The card.
    pub card: CardId,
    /// The nonce of its buttons.
    pub nonce: CardNonce,
    /// The choice.
    pub choice: Choice,
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
