//! Service chats.

use async_trait::async_trait;
use countersign_domain::ids::SaidId;
use countersign_domain::service_conversations::{CountedKind, Said, ServiceChat, ServiceChatId};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{ServiceReads, StoreError, Versioned};
use rusqlite::params;

use super::{all, count, documents, limit, one, parsed, versioned};
use crate::catalogue::{AFTER_EVERY_ID, service as sql};
use crate::sqlite::reader::Readers;

#[async_trait]
impl ServiceReads for Readers {
    async fn chat(&self, id: &ServiceChatId) -> Result<Option<Versioned<ServiceChat>>, StoreError> {
        let id = id.to_string();
        self.read(move |tx| one(tx, sql::CHAT, [id], versioned)).await
    }

    async fn chats(&self) -> Result<Vec<ServiceChat>, StoreError> {
        self.read(|tx| documents(tx, sql::CHATS, [])).await
    }

    async fn strangers(
        &self,
        after: Option<&ServiceChatId>,
        most: usize,
    ) -> Result<Vec<Versioned<ServiceChat>>, StoreError> {
        let after = after.map_or_else(String::new, ToString::to_string);
        self.read(move |tx| all(tx, sql::STRANGERS, (after, limit(most)), versioned)).await
    }

    async fn oldest_said(&self) -> Result<Option<SaidId>, StoreError> {
        self.read(|tx| one(tx, sql::OLDEST_SAID, [], |row| parsed(row, 0, "message"))).await
    }

    async fn number_of(&self, lid: &ServiceChatId) -> Result<Option<ServiceChatId>, StoreError> {
        let lid = lid.to_string();
        self.read(move |tx| one(tx, sql::NUMBER_OF, [lid], |row| parsed(row, 0, "chat"))).await
    }

    async fn counted(
        &self,
        kind: CountedKind,
        chat: Option<&ServiceChatId>,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let (chat, since) = (chat.map(ToString::to_string), since.as_millis());
        let number = self.read(move |tx| match chat {
            Some(chat) => {
                let params = params![kind.as_str(), chat, since];
                one(tx, sql::COUNTED_IN_CHAT, params, |row| count(row, 0))
            }
            None => one(tx, sql::COUNTED, params![kind.as_str(), since], |row| count(row, 0)),
        });
        Ok(number.await?.unwrap_or(0))
    }

    async fn said(
        &self,
        chat: &ServiceChatId,
        before: Option<SaidId>,
        most: usize,
    ) -> Result<Vec<Said>, StoreError> {
        let chat = chat.to_string();
        let before = before.map_or_else(|| AFTER_EVERY_ID.to_owned(), |id| id.to_string());
        self.read(move |tx| documents(tx, sql::SAID, params![chat, before, limit(most)])).await
    }
}
