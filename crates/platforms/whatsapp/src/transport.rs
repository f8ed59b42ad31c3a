//! What carries texts into chats, whichever way leads to the platform: the bridge to an account, or
//! the official API.
//!
//! It makes one attempt and says how that went. Who is written to, how often something is tried and
//! whether it may still go is the gateway's business.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::chat::MessageId;
use countersign_domain::service_conversations::ServiceChatId;
use countersign_ports::platform::{AccountState, CardPost, NativeCommand, PlatformError};
use countersign_ports::service_bridge::SendAttempt;

use crate::files::{File, Piece};

/// One account, and one way to it. Not to be had outside of this crate: what leaves it is either what
/// the gateway posts to people who may talk to it, or goes on a permit.
#[async_trait]
pub(crate) trait Transport: Send + Sync + 'static {
    /// What it can do besides sending texts.
    fn abilities(&self) -> BTreeSet<Ability>;

    /// The longest text of one message, in UTF-16 units; of a card too, where cards are lists.
    fn longest_text(&self) -> usize;

    /// Sends a text, once.
    async fn send_text(&self, text: &Text<'_>) -> Result<MessageId, SendError>;

    /// Sends a file, once.
    async fn send_file(&self, file: &File<'_>) -> Result<MessageId, SendError>;

    /// The content of a file that somebody sent; refused if it has more than `most` bytes, without
    /// reading them all.
    async fn fetch(&self, id: &str, most: u64) -> Result<Bytes, PlatformError>;

    /// Sends one of several messages that are one.
    async fn send_piece(&self, piece: &Piece<'_>) -> Result<MessageId, SendError> {
        match piece {
            Piece::Text(text) => self.send_text(text).await,
            Piece::File(file) => self.send_file(file).await,
        }
    }

    /// Sends a card whose buttons can be tapped. Only with [`Ability::Lists`].
    async fn send_list(&self, list: &List<'_>) -> Result<MessageId, SendError> {
        let List { chat, card, key } = list;
        Err(SendError::Refused(format!("card {} ({key}) cannot be tapped in {chat}", card.id)))
    }

    /// Shows for a few seconds that somebody writes. Only with [`Ability::Typing`].
    async fn show_typing(&self, chat: &ServiceChatId) -> Result<(), SendError> {
        Err(SendError::Refused(format!("typing is not shown in {chat}")))
    }

    /// Shows these commands in the menu of the chats. Only with [`Ability::Menu`].
    async fn show_menu(&self, _commands: &[NativeCommand]) -> Result<(), SendError> {
        Ok(())
    }

    /// Whether what is said comes in, as this process knows it.
    fn state(&self) -> AccountState {
        AccountState::Connected
    }
}

/// What a way to the platform can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ability {
    /// What is sent again under its key shows once.
    Once,
    /// Choices can be tapped in a list.
    Lists,
    /// It can be shown that somebody writes.
    Typing,
    /// Commands can be picked from a menu; they come as texts.
    Menu,
}

/// A text for a chat.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "a text is said in its words, whatever carries it")]
pub(crate) struct Text<'t> {
    /// Where.
    pub(crate) chat: &'t ServiceChatId,
    /// What.
    pub(crate) text: &'t str,
    /// The same for the same text, for ever.
    pub(crate) key: &'t str,
    /// The message that it answers.
    pub(crate) reply_to: Option<&'t MessageId>,
}

/// A card for a chat, whose buttons are the rows of a list. A row brings back the card's id, its
/// nonce and the choice; that the tap quotes this very message is checked by the gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'t> {
    /// Where.
    pub(crate) chat: &'t ServiceChatId,
    /// The card. Its text names the numbers by which it can be answered, too.
    pub(crate) card: &'t CardPost,
    /// The same for the same card in the same state, for ever.
    pub(crate) key: &'t str,
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// Nothing was said to the other side; another attempt may do.
    #[error("{0}")]
    NotReached(String),
    /// It was not taken, and will not be.
    #[error("{0}")]
    Refused(String),
    /// It was not taken: too much at one time.
    #[error("a pause of {0:?} is wanted")]
    SlowDown(Duration),
    /// It may have been taken.
    #[error("{0}")]
    Unknown(String),
}

impl From<SendError> for PlatformError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotReached(why) | SendError::Unknown(why) => Self::Unavailable(why),
            SendError::Refused(why) => Self::Refused(why),
            SendError::SlowDown(pause) => Self::SlowDown(pause),
        }
    }
}

/// How an attempt went, as the gateway knows it.
pub(crate) fn attempted(sent: Result<MessageId, SendError>) -> SendAttempt {
    match sent {
        Ok(message) => SendAttempt::Sent(message),
        Err(SendError::NotReached(why)) => SendAttempt::NotReached(why),
        Err(SendError::Refused(why)) => SendAttempt::Refused(why),
        Err(SendError::SlowDown(pause)) => SendAttempt::SlowDown(pause),
        Err(SendError::Unknown(why)) => SendAttempt::Unknown(why),
    }
}
