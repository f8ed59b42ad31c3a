//! Conversations on platforms.

use async_trait::async_trait;
use countersign_domain::chat::{
    Address, ChatRun, Conversation, Note, Pairing, PersonId, PlatformName, PostedCard, SessionKey,
    Unasked,
};
use countersign_domain::ids::{CardId, RunId, SessionId};
use countersign_ports::store::{ChatReads, StoreError, Versioned};

use super::{all, document, one, parsed, versioned};
use crate::catalogue::chats as sql;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl ChatReads for Lanes {
    async fn conversation(
        &self,
        key: &SessionKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        one(&self.rows(query!(sql::CONVERSATION, key.as_str())).await?, versioned)
    }

    async fn chat_runs(&self, session: SessionId) -> Result<Vec<ChatRun>, StoreError> {
        all(&self.rows(query!(sql::CHAT_RUNS, session.to_string())).await?, document)
    }

    async fn owed_sessions(&self) -> Result<Vec<SessionId>, StoreError> {
        let rows = self.rows(query!(sql::OWED_SESSIONS)).await?;
        all(&rows, |row| parsed(row, 0, "session"))
    }

    async fn card(&self, id: CardId) -> Result<Option<Versioned<PostedCard>>, StoreError> {
        one(&self.rows(query!(sql::CARD, id.to_string())).await?, versioned)
    }

    async fn cards_of_run(&self, run: RunId) -> Result<Vec<Versioned<PostedCard>>, StoreError> {
        all(&self.rows(query!(sql::CARDS_OF_RUN, run.to_string())).await?, versioned)
    }

    async fn open_cards_at(&self, address: &Address) -> Result<Vec<PostedCard>, StoreError> {
        all(&self.rows(query!(sql::OPEN_CARDS_AT, address.key())).await?, document)
    }

    async fn pairing(
        &self,
        platform: &PlatformName,
        person: &PersonId,
    ) -> Result<Option<Pairing>, StoreError> {
        let rows = self.rows(query!(sql::PAIRING, platform.as_str(), person.as_str())).await?;
        one(&rows, document)
    }

    async fn pairings(&self) -> Result<Vec<Pairing>, StoreError> {
        all(&self.rows(query!(sql::PAIRINGS)).await?, document)
    }

    async fn unasked(&self, session: SessionId) -> Result<Option<Unasked>, StoreError> {
        one(&self.rows(query!(sql::UNASKED, session.to_string())).await?, document)
    }

    async fn note(&self, key: &str) -> Result<Option<Note>, StoreError> {
        one(&self.rows(query!(sql::NOTE, key)).await?, document)
    }
}
