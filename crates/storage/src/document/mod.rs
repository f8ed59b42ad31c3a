//! Stored records: JSON documents that say which format they are in.
//!
//! A format is never changed: a new one gets a new number and the old one stays readable. Each has
//! a fixture in `fixtures/` that a test reads back.

#[cfg(test)]
mod tests;

use countersign_domain::approvals::{Approval, Rule};
use countersign_domain::audit::AuditRecord;
use countersign_domain::chat::{
    ChatRun, Conversation, Note, OwedCard, Pairing, PostedCard, Unasked,
};
use countersign_domain::nodes::Node;
use countersign_domain::runs::{Entry, Event, Run, Session, ToolCall};
use countersign_domain::service_conversations::{Said, ServiceChat};
use countersign_ports::store::{ApiKey, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The format that is written.
pub(crate) const FORMAT: u32 = 1;

/// What is stored as a document.
pub(crate) trait Document: Serialize + DeserializeOwned {
    /// What people call it.
    const NAME: &'static str;
}

macro_rules! documents {
    ($($type:ty = $name:literal),* $(,)?) => {
        $(impl Document for $type {
            const NAME: &'static str = $name;
        })*
    };
}

documents! {
    Session = "session",
    Run = "run",
    Entry = "entry",
    ToolCall = "call",
    Approval = "approval",
    Rule = "rule",
    Event = "event",
    AuditRecord = "audit record",
    ApiKey = "key",
    Conversation = "conversation",
    ChatRun = "chat run",
    PostedCard = "card",
    OwedCard = "owed card",
    Pairing = "pairing",
    Unasked = "time without questions",
    Note = "note",
    Node = "node",
    ServiceChat = "service chat",
    Said = "service message",
}

/// The document of `value`, in the current [`FORMAT`].
pub(crate) fn encode<T: Document>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| unreadable(format!("new {}", T::NAME), error.to_string()))
}

/// The value of the document `doc` of format `format`; `id` names it when that fails.
pub(crate) fn decode<T: Document>(
    format: u32,
    doc: &str,
    id: impl std::fmt::Display,
) -> Result<T, StoreError> {
    let what = || format!("{} `{id}`", T::NAME);
    match format {
        FORMAT => serde_json::from_str(doc).map_err(|error| unreadable(what(), error.to_string())),
        other => Err(unreadable(
            what(),
            format!("it has format {other}, and {FORMAT} is the newest known"),
        )),
    }
}

/// The error for a record that cannot be read.
pub(crate) const fn unreadable(what: String, message: String) -> StoreError {
    StoreError::Unreadable { what, message }
}
