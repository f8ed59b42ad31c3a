//! Conversations on platforms.

use async_trait::async_trait;
use countersign_domain::chat::{
    Address, ChatRun, Conversation, Delivery, Note, OwedCard, Pairing, PersonId, PlatformName,
    PostedCard, SessionKey, Unasked,
};
use countersign_domain::ids::{CardId, RunId, SessionId};
use countersign_ports::store::{ChatReads, Standing, StoreError, Versioned};

use super::{all, count, document, limit, one, parsed, versioned};
use crate::catalogue::chats as sql;
use crate::catalogue::runs::{ACTIVE_IN, WORKING};
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl ChatReads for Lanes {
    async fn is_taken(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let Delivery { platform, account, id, .. } = delivery;
        let found = query!(sql::DELIVERY, platform.as_str(), account.as_str(), id.as_str());
        Ok(!self.rows(found).await?.is_empty())
    }

    async fn conversation(
        &self,
        key: &SessionKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        one(&self.rows(query!(sql::CONVERSATION, key.as_str())).await?, versioned)
    }

    async fn standing(
        &self,
        key: &SessionKey,
        session: Option<SessionId>,
    ) -> Result<Standing, StoreError> {
        let conversation = self.conversation(key).await?;
        let session = session.or(conversation.as_ref().map(|found| found.value.session));
        if let Some(id) = session {
            let rows = self.rows(query!(ACTIVE_IN, id.to_string())).await?;
            let active = one(&rows, |row| parsed(row, 0, "run id"))?;
            if active.is_some() {
                return Ok(Standing { conversation, active, working: None });
            }
        }
        let rows = self.rows(query!(WORKING)).await?;
        let working = one(&rows, |row| count(row, 0))?.unwrap_or(0);
        Ok(Standing { conversation, active: None, working: Some(working) })
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

    async fn owed_cards(&self) -> Result<Vec<OwedCard>, StoreError> {
        all(&self.rows(query!(sql::OWED_CARDS)).await?, document)
    }

    async fn last_cards_at(
        &self,
        address: &Address,
        most: usize,
    ) -> Result<Vec<PostedCard>, StoreError> {
        let most = limit(most);
        all(&self.rows(query!(sql::LAST_CARDS_AT, address.key(), most)).await?, document)
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
