//! Service chats.

use async_trait::async_trait;
use countersign_domain::ids::SaidId;
use countersign_domain::service_conversations::{CountedKind, Said, ServiceChat, ServiceChatId};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{ServiceReads, StoreError, Versioned};

use super::{all, count, document, limit, one, parsed, versioned};
use crate::catalogue::{AFTER_EVERY_ID, service as sql};
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl ServiceReads for Lanes {
    async fn chat(&self, id: &ServiceChatId) -> Result<Option<Versioned<ServiceChat>>, StoreError> {
        one(&self.rows(query!(sql::CHAT, id.as_str())).await?, versioned)
    }

    async fn chats(&self) -> Result<Vec<ServiceChat>, StoreError> {
        all(&self.rows(query!(sql::CHATS)).await?, document)
    }

    async fn strangers(
        &self,
        after: Option<&ServiceChatId>,
        most: usize,
    ) -> Result<Vec<Versioned<ServiceChat>>, StoreError> {
        let after = after.map_or_else(String::new, ToString::to_string);
        all(&self.rows(query!(sql::STRANGERS, after, limit(most))).await?, versioned)
    }

    async fn oldest_said(&self) -> Result<Option<SaidId>, StoreError> {
        one(&self.rows(query!(sql::OLDEST_SAID)).await?, |row| parsed(row, 0, "message"))
    }

    async fn number_of(&self, lid: &ServiceChatId) -> Result<Option<ServiceChatId>, StoreError> {
        let rows = self.rows(query!(sql::NUMBER_OF, lid.as_str())).await?;
        one(&rows, |row| parsed(row, 0, "chat"))
    }

    async fn counted(
        &self,
        kind: CountedKind,
        chat: Option<&ServiceChatId>,
        since: Timestamp,
    ) -> Result<u64, StoreError> {
        let since = since.as_millis();
        let query = match chat {
            Some(chat) => query!(sql::COUNTED_IN_CHAT, kind.as_str(), chat.as_str(), since),
            None => query!(sql::COUNTED, kind.as_str(), since),
        };
        Ok(one(&self.rows(query).await?, |row| count(row, 0))?.unwrap_or(0))
    }

    async fn said(
        &self,
        chat: &ServiceChatId,
        before: Option<SaidId>,
        most: usize,
    ) -> Result<Vec<Said>, StoreError> {
        let before = before.map_or_else(|| AFTER_EVERY_ID.to_owned(), |id| id.to_string());
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        all(&self.rows(query!(sql::SAID, chat.as_str(), before, most)).await?, document)
    }
}
