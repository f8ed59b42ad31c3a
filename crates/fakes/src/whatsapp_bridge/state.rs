//! What the bridge keeps.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::files::SentFile;

/// A message that the bridge was told to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The chat, as the gateway named it.
    pub chat_id: String,
    /// The text.
    pub text: String,
    /// The message that it quotes.
    pub reply_to: Option<String>,
    /// The key that it came with.
    pub idempotency_key: String,
    /// The id that it was given.
    pub message_id: String,
}

/// A chat of the account.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) kind: &'static str,
    pub(super) last_message_at: String,
    pub(super) unread: u32,
}

#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) chats: Vec<Chat>,
    /// What was said and not acknowledged, by its number.
    pub(super) waiting: BTreeMap<u64, Value>,
    pub(super) last: u64,
    pub(super) acknowledged: u64,
    pub(super) sent: Vec<SentMessage>,
    pub(super) sent_files: Vec<SentFile>,
    /// What people have sent, by id.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Requests to send something that have come.
    pub(super) attempts: usize,
    pub(super) fetched: usize,
    /// Whether they wait before anything becomes of them.
    pub(super) held: bool,
    /// Answers that do not say that the message was taken.
    pub(super) silent: u32,
    /// Requests that are refused as if the link to the phone was lost.
    pub(super) unlinked: bool,
    pub(super) has_code: bool,
    pub(super) asked_for_code: u32,
}

pub(super) struct Shared {
    pub(super) token: String,
    account: Mutex<Account>,
    pub(super) changed: Notify,
}

impl Shared {
    pub(super) fn new(token: String) -> Self {
        Self { token, account: Mutex::default(), changed: Notify::new() }
    }

    pub(super) fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the account and wakes whoever waits for that.
    pub(super) fn change<T>(&self, work: impl FnOnce(&mut Account) -> T) -> T {
        let done = work(&mut self.account());
        self.changed.notify_waiters();
        done
    }
}

impl Account {
    /// Keeps a message until it is acknowledged.
    pub(super) fn bring(&mut self, mut message: Value) {
        self.last += 1;
        if let Some(fields) = message.as_object_mut() {
            fields.insert("cursor".to_owned(), json!(format!("c{}", self.last)));
        }
        self.waiting.insert(self.last, message);
    }
}
