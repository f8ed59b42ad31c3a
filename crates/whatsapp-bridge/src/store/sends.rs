//! The keys of what is sent: each is one message, also after a restart.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Store, StoreError};

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A message that is to be given to `WhatsApp` under this id. It may have been given before, by a
    /// try of which nobody knows how it went.
    ToSend {
        /// The id of the message.
        message: String,
        /// Whether it was never tried.
        first: bool,
    },
    /// A message that is sent, with this id.
    Sent(String),
    /// Another message.
    Other,
}

impl Store {
    /// What `key` stands for from now on, for the message of this `digest`; a new key gets the id
    /// `message`.
    pub(crate) async fn take_key(
        &self,
        key: String,
        digest: [u8; 32],
        message: String,
        now: i64,
    ) -> Result<Taken, StoreError> {
        self.write(move |tx| {
            let known: Option<([u8; 32], String, bool)> = tx
                .prepare_cached("SELECT digest, message, done FROM sends WHERE key = ?1")?
                .query_row([&key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            Ok(match known {
                Some((same, message, true)) if same == digest => Taken::Sent(message),
                Some((same, message, false)) if same == digest => {
                    Taken::ToSend { message, first: false }
                }
                Some(_) => Taken::Other,
                None => {
                    tx.prepare_cached(
                        "INSERT INTO sends (key, digest, message, done, at) VALUES (?1, ?2, ?3, 0, ?4)",
                    )?
                    .execute(params![key, digest, message, now])?;
                    Taken::ToSend { message, first: true }
                }
            })
        })
        .await
    }

    /// The message of `key` is sent.
    pub(crate) async fn sent(&self, key: String) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("UPDATE sends SET done = 1 WHERE key = ?1", [key])?;
            Ok(())
        })
        .await
    }

    /// Nothing of the message of `key` has left, now or before: the key is free again.
    pub(crate) async fn free_key(&self, key: String) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute("DELETE FROM sends WHERE key = ?1 AND done = 0", [key])?;
            Ok(())
        })
        .await
    }

    /// Whether this bridge gave a message this id.
    pub(crate) async fn has_sent(&self, message: String) -> Result<bool, StoreError> {
        self.write(move |tx| is_ours(tx, &message)).await
    }
}

pub(super) fn is_ours(tx: &Transaction<'_>, message: &str) -> Result<bool, StoreError> {
    let found = tx
        .prepare_cached("SELECT 1 FROM sends WHERE message = ?1")?
        .query_row([message], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

pub(super) fn sweep(tx: &Transaction<'_>, until: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sends WHERE at < ?1", [until])?;
    Ok(())
}
