//! What goes out besides plain texts and cards: changes of texts, and files.

use bytes::Bytes;
use countersign_domain::chat::{Address, MessageId};

/// A text that takes the place of another one of the bot's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The message that is changed.
    pub message: MessageId,
    /// Where it is.
    pub address: Address,
    /// What it says from now on, inert in the platform's markup, and no longer than it takes.
    pub text: String,
    /// Whether more is to come.
    pub stage: Stage,
}

/// How far a text has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It grows: nobody misses this state of it, and it gives way to everything else.
    Growing,
    /// It is whole.
    Whole,
}

/// A file that goes with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// Its name, without a path.
    pub name: String,
    /// What it holds.
    pub content: Bytes,
}

/// Whether a card may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It was never sent.
    First,
    /// It was sent, and nobody knows what came of that: where the platform can tell, the one that is
    /// there is found and not put there twice.
    Again,
}
