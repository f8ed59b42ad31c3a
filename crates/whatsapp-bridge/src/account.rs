//! What the bridge asks of the account that it is the bridge to.

use async_trait::async_trait;

use crate::file::MediaType;
use crate::jid::Person;

/// The link to an account.
#[async_trait]
pub trait Account: Send + Sync + 'static {
    /// How it stands.
    fn standing(&self) -> Standing;

    /// Somebody wants to pair: from now on there is a code, as soon as there can be. Nothing is said
    /// to `WhatsApp` by an account that is not linked before somebody wants that.
    async fn pair(&self);

    /// Sends a message. The same id is the same message, however often it is given.
    async fn send(&self, message: Outgoing) -> Result<(), NotSent>;

    /// Shows that somebody writes there.
    async fn typing(&self, chat: &Person) -> Result<(), NotSent>;

    /// The file that `keys` open, which has at most `most` bytes.
    async fn fetch(&self, keys: &str, most: usize) -> Result<Vec<u8>, FetchError>;
}

/// How the link to an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is linked.
    Linked {
        /// Whose account it is.
        owner: Owner,
        /// Why there is no connection right now; `None` if there is one.
        offline: Option<String>,
    },
    /// Whoever scans this code with their phone links it.
    Code {
        /// What the code says.
        code: String,
        /// Until when it is good, in milliseconds since 1970.
        until: i64,
    },
    /// It is not linked, and there is no code now.
    Unlinked {
        /// Why, if there is something to say.
        why: Option<String>,
    },
}

/// Whose account it is, from protocol fields only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The bare JID with their number.
    pub number: Option<String>,
    /// Their bare LID.
    pub lid: Option<String>,
    /// The name that they have given themselves.
    pub push_name: Option<String>,
}

/// A message that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub chat: Person,
    /// The id that it has, however often it is given to `WhatsApp`.
    pub id: String,
    /// What is in it.
    pub content: Content,
    /// What it answers.
    pub reply_to: Option<Quoted>,
}

/// What is in a message that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// A file.
    File {
        /// What it is.
        kind: MediaType,
        /// What it is called.
        name: Option<String>,
        /// What stands below it.
        caption: Option<String>,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// A message that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted {
    /// Its id.
    pub id: String,
    /// Whether this bridge has sent it, rather than the other side.
    pub ours: bool,
}

/// Why a message is not known to be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Nothing has left.
    #[error("{0}")]
    Not(String),
    /// It may have left.
    #[error("{0}")]
    Unknown(String),
}

/// Why a file is not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is larger than any may be.
    #[error("the file is larger than any that is given")]
    TooLarge,
    /// `WhatsApp` has it no more.
    #[error("WhatsApp has the file no more: {0}")]
    Gone(String),
    /// It may work later.
    #[error("{0}")]
    Failed(String),
}
