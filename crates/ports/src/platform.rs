//! Chat platforms: what an adapter brings and what it takes.
//!
//! An adapter turns what its platform sends into [`Inbound`], gives it to the [`Inbox`] and does
//! with the [`Receipt`] what it says before the platform's deadline. It keeps no state about
//! approvals and decides nothing: who may talk, run a command or press a button is not its business.
//! It proves one thing, that the sender is who it says.
//!
//! Where a platform takes only so much at a time, an adapter gives way in this order: cards and their
//! edits, texts, typing. The gateway waits as long as [`PlatformError::SlowDown`] says.

mod account;
mod callbacks;
mod notes;
mod outgoing;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::approvals::Choice;
use countersign_domain::chat::{AccountId, Address, CardNonce, MessageId, PersonId, PlatformName};
use countersign_domain::ids::{ApprovalId, CardId};

use crate::service_bridge::BridgeMessage;

pub use account::{AccountState, KnownChat};
pub use callbacks::{
    Callback, CallbackMethod, CallbackReply, Callbacks, LARGEST_BODY, RefusedCallback, Undelivered,
};
pub use notes::{NoteName, Notes, NotesError};
pub use outgoing::{Attempt, SentFile, Stage, TextEdit};

/// One bot on one platform.
#[async_trait]
pub trait Platform: Send + Sync + 'static {
    /// Which platform, which bot, and what it can do.
    fn about(&self) -> &About;

    /// Puts a text into a chat. The same `id` comes again when it is not known whether the first
    /// one arrived; where the platform can tell, it shows once.
    async fn post_text(&self, text: &TextPost) -> Result<MessageId, PlatformError>;

    /// Puts a card into a chat.
    async fn post_card(&self, card: &CardPost) -> Result<MessageId, PlatformError>;

    /// Puts a text with files into a chat. Only with [`Feature::Files`].
    async fn post_files(
        &self,
        _text: &TextPost,
        files: &[SentFile],
    ) -> Result<MessageId, PlatformError> {
        Err(PlatformError::Refused(format!("no files here, and these are {}", files.len())))
    }

    /// Makes a text that is there read like this one. Only with [`Feature::Edits`].
    async fn edit_text(&self, edit: &TextEdit) -> Result<(), PlatformError> {
        Err(PlatformError::Refused(format!("{} cannot be changed here", edit.message)))
    }

    /// Makes a card that is there look like this one. Only with [`Feature::Edits`].
    async fn edit_card(&self, message: &MessageId, card: &CardPost) -> Result<(), PlatformError>;

    /// Shows for a few seconds that the bot is at work. Only with [`Feature::Typing`].
    async fn show_typing(&self, address: &Address) -> Result<(), PlatformError>;

    /// Tells the platform which commands there are. Only with [`Feature::NativeCommands`].
    async fn register_commands(&self, commands: &[NativeCommand]) -> Result<(), PlatformError>;

    /// Keeps the connection that brings what is said, for as long as this is polled, and gives it to
    /// `inbox`. It connects anew by itself, and returns only when that is no use. Of several nodes
    /// one polls it at a time; all the others are asked only to post.
    async fn listen(&self, _inbox: &Arc<dyn Inbox>) -> PlatformError {
        std::future::pending().await
    }

    /// Who takes the requests that the platform makes to the gateway's own address, if it makes any.
    fn callbacks(&self) -> Option<&dyn Callbacks> {
        None
    }

    /// Whether what is said comes in, as this process knows it.
    fn state(&self) -> AccountState {
        AccountState::Connected
    }

    /// What an operator should set so that everything works, as far as this process knows.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    /// The chats that the bot is in. Only with [`Feature::Directory`].
    async fn chats(&self) -> Result<Vec<KnownChat>, PlatformError> {
        Ok(Vec::new())
    }

    /// The content of a file that a message brought; refused if it has more than `most` bytes,
    /// without reading them all.
    async fn fetch_file(&self, file: &BroughtFile, most: u64) -> Result<Bytes, PlatformError> {
        Err(PlatformError::Refused(format!("{} of at most {most} bytes: no files here", file.name)))
    }
}

/// Takes what platforms bring. The gateway is one.
#[async_trait]
pub trait Inbox: Send + Sync + 'static {
    /// Takes one thing. When this returns, what was said to have been done is on stable storage.
    async fn receive(&self, inbound: Inbound) -> Receipt;

    /// Takes something that was said in an account that may have others than operators in it, such
    /// as a user's own: whose chat it is, the gateway knows. When this returns, what becomes of it
    /// is on stable storage, or it is to be brought again.
    async fn hear(&self, _account: &AccountId, _said: &BridgeMessage) -> Receipt {
        Receipt::Dropped
    }

    /// Takes that a message which was sent has not arrived: whom it concerns is told.
    async fn undelivered(&self, _undelivered: Undelivered) -> Receipt {
        Receipt::Dropped
    }

    /// Notes that something which was brought is not what it says it is. It had no effect.
    async fn refuse(&self, _refused: RefusedCallback) {}
}

/// A platform and what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// The name by which people call the bot.
    pub bot_name: Option<String>,
    /// What else it can do.
    pub features: BTreeSet<Feature>,
    /// How texts are marked up.
    pub markup: Markup,
    /// The longest text of one message, in UTF-16 units.
    pub longest_text: usize,
    /// How many buttons a card may have.
    pub most_buttons: usize,
}

/// What a platform can do besides texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Cards have buttons.
    Buttons,
    /// Messages of the bot can be changed.
    Edits,
    /// Commands are known to the platform itself.
    NativeCommands,
    /// It can be shown that the bot is at work.
    Typing,
    /// A message can quote the one that it answers.
    Replies,
    /// A text can be shown to one person of a chat alone.
    Ephemerals,
    /// What is for one person of a chat alone can be said in a direct chat with them.
    DirectChats,
    /// A text that is posted again under its id shows once.
    Once,
    /// It says which chats the bot is in.
    Directory,
    /// Files can go with a text.
    Files,
    /// Cards can be answered by the numbers of their choices, in an answer that quotes them.
    Numbers,
}

/// How texts are marked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Not at all.
    Text,
    /// Mattermost's Markdown.
    Mattermost,
    /// Discord's Markdown.
    Discord,
    /// Slack's mrkdwn.
    Slack,
    /// Telegram's HTML.
    TelegramHtml,
    /// That of `WhatsApp`.
    WhatsApp,
}

/// What a platform brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A message.
    Message(Message),
    /// A command that the platform knows.
    Command(NativeCall),
    /// A button.
    Click(Click),
}

/// Where something came from and who sent it, as the platform authenticated it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Where.
    pub address: Address,
    /// What the platform calls this kind of chat.
    pub chat_type: Option<String>,
    /// Who; `None` if the platform does not say.
    pub sender: Option<PersonId>,
    /// What kind of sender.
    pub kind: SenderKind,
    /// What the platform calls this delivery; the same one comes with the same id again.
    pub delivery: String,
}

/// What kind of sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderKind {
    /// A person.
    Person,
    /// Another program.
    Bot,
    /// This bot: its own message came back.
    Myself,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where from.
    pub origin: Origin,
    /// The message itself, for answers that quote it.
    pub id: Option<MessageId>,
    /// What was typed; a mention of the bot is cut off.
    pub text: String,
    /// What came with it.
    pub files: Vec<BroughtFile>,
    /// Whether the bot is meant.
    pub mention: Mention,
    /// The message that is answered, if one is.
    pub reply_to: Option<MessageId>,
}

/// A file that came with a message, and stays with the platform until it is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtFile {
    /// What the adapter fetches it by.
    pub id: String,
    /// What the sender calls it.
    pub name: String,
    /// What the platform says it is.
    pub media_type: Option<String>,
    /// What the platform says it holds, in bytes.
    pub size: Option<u64>,
}

/// Whether the bot is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention {
    /// It is named, or a message of it is answered.
    Named,
    /// It is not.
    None,
}

/// A command that the platform knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeCall {
    /// Where from.
    pub origin: Origin,
    /// The command's name as the platform has it.
    pub name: String,
    /// What follows it.
    pub arguments: String,
}

/// A button was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// Where from; the sender is who pressed it.
    pub origin: Origin,
    /// The message that has the button.
    pub message: MessageId,
    /// The card, as the button says.
    pub card: CardId,
    /// The nonce of the button, as it says.
    pub nonce: CardNonce,
    /// The button.
    pub choice: Choice,
    /// Why, where the adapter has asked for it in a dialog; it counts with a denial.
    pub reason: Option<String>,
}

/// What became of something inbound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It was dropped; nothing is said.
    Dropped,
    /// It was taken. Whoever sent it is told this, privately where the platform can.
    Taken(Option<String>),
    /// The message that was answered is not, or is no more, the one that shows its card: nothing was
    /// done. Whoever sent it is told this, and the message loses its buttons where the platform can.
    Stray(String),
    /// It could not be taken now; the platform should bring it again.
    Later,
}

/// A text for a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPost {
    /// The same for the same text, for ever.
    pub id: String,
    /// Where.
    pub address: Address,
    /// The message that it answers. Only with [`Feature::Replies`].
    pub reply_to: Option<MessageId>,
    /// Who alone is to see it; `None` everybody in the chat. Only with [`Feature::Ephemerals`], or
    /// with [`Feature::DirectChats`], where it is said in their direct chat.
    pub only_for: Option<PersonId>,
    /// The text, inert in the platform's markup, and no longer than it takes.
    pub text: String,
}

/// A card for a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPost {
    /// The card.
    pub id: CardId,
    /// The approval that it shows.
    pub approval: ApprovalId,
    /// Where.
    pub address: Address,
    /// The message that it comes from. Only with [`Feature::Replies`].
    pub reply_to: Option<MessageId>,
    /// What its buttons bring back: another one whenever something else is to be decided.
    pub nonce: CardNonce,
    /// All that it says, inert in the platform's markup.
    pub text: String,
    /// Its buttons; none when nothing can be decided on it.
    pub buttons: Vec<Choice>,
    /// Grows with every state that it shows.
    pub version: u64,
    /// Whether it may be there already.
    pub attempt: Attempt,
}

/// A command as a platform's own menu shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeCommand {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// What it takes.
    pub arguments: String,
}

/// Why a platform did not take something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// Too much at one time.
    #[error("the platform wants a pause of {0:?}")]
    SlowDown(Duration),
    /// It may work later.
    #[error("the platform cannot be reached: {0}")]
    Unavailable(String),
    /// It will not work.
    #[error("the platform refuses: {0}")]
    Refused(String),
}
