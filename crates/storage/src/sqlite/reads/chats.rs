//! Conversations on platforms.

use async_trait::async_trait;
use countersign_domain::chat::{
    Address, ChatRun, Conversation, Delivery, Note, OwedCard, Pairing, PersonId, PlatformName,
    PostedCard, SessionKey, Unasked,
};
use countersign_domain::ids::{CardId, RunId, SessionId};
use countersign_ports::store::{ChatReads, Standing, StoreError, Versioned};

use super::{all, count, document, documents, limit, one, parsed, versioned};
use crate::catalogue::chats as sql;
use crate::catalogue::runs::{ACTIVE_IN, WORKING};
use crate::sqlite::reader::Readers;

#[async_trait]
impl ChatReads for Readers {
    async fn is_taken(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let Delivery { platform, account, id, .. } = delivery;
        let key = [platform.to_string(), account.to_string(), id.clone()];
        self.look(move |tx| one(tx, sql::DELIVERY, key, |_| Ok(())).map(|found| found.is_some()))
            .await
    }

    async fn conversation(
        &self,
        key: &SessionKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        let key = key.to_string();
        self.look(move |tx| one(tx, sql::CONVERSATION, [key], versioned)).await
    }

    async fn standing(
        &self,
        key: &SessionKey,
        session: Option<SessionId>,
    ) -> Result<Standing, StoreError> {
        let key = key.to_string();
        self.read(move |tx| {
            let conversation: Option<Versioned<Conversation>> =
                one(tx, sql::CONVERSATION, [key], versioned)?;
            let session = session.or(conversation.as_ref().map(|found| found.value.session));
            let active = match session {
                Some(id) => one(tx, ACTIVE_IN, [id.to_string()], |row| parsed(row, 0, "run id"))?,
                None => None,
            };
            let working = match active {
                Some(_) => None,
                None => Some(one(tx, WORKING, [], |row| count(row, 0))?.unwrap_or(0)),
            };
            Ok(Standing { conversation, active, working })
        })
        .await
    }

    async fn chat_runs(&self, session: SessionId) -> Result<Vec<ChatRun>, StoreError> {
        self.look(move |tx| documents(tx, sql::CHAT_RUNS, [session.to_string()])).await
    }

    async fn owed_sessions(&self) -> Result<Vec<SessionId>, StoreError> {
        self.read(|tx| all(tx, sql::OWED_SESSIONS, [], |row| parsed(row, 0, "session"))).await
    }

    async fn card(&self, id: CardId) -> Result<Option<Versioned<PostedCard>>, StoreError> {
        self.look(move |tx| one(tx, sql::CARD, [id.to_string()], versioned)).await
    }

    async fn cards_of_run(&self, run: RunId) -> Result<Vec<Versioned<PostedCard>>, StoreError> {
        self.look(move |tx| all(tx, sql::CARDS_OF_RUN, [run.to_string()], versioned)).await
    }

    async fn open_cards_at(&self, address: &Address) -> Result<Vec<PostedCard>, StoreError> {
        let address = address.key();
        self.read(move |tx| documents(tx, sql::OPEN_CARDS_AT, [address])).await
    }

    async fn owed_cards(&self) -> Result<Vec<OwedCard>, StoreError> {
        self.read(|tx| documents(tx, sql::OWED_CARDS, [])).await
    }

    async fn last_cards_at(
        &self,
        address: &Address,
        most: usize,
    ) -> Result<Vec<PostedCard>, StoreError> {
        let key = (address.key(), limit(most));
        self.read(move |tx| documents(tx, sql::LAST_CARDS_AT, key)).await
    }

    async fn pairing(
        &self,
        platform: &PlatformName,
        person: &PersonId,
    ) -> Result<Option<Pairing>, StoreError> {
        let key = [platform.to_string(), person.to_string()];
        self.look(move |tx| document(tx, sql::PAIRING, key)).await
    }

    async fn pairings(&self) -> Result<Vec<Pairing>, StoreError> {
        self.read(|tx| documents(tx, sql::PAIRINGS, [])).await
    }

    async fn unasked(&self, session: SessionId) -> Result<Option<Unasked>, StoreError> {
        self.look(move |tx| document(tx, sql::UNASKED, [session.to_string()])).await
    }

    async fn note(&self, key: &str) -> Result<Option<Note>, StoreError> {
        let key = key.to_owned();
        self.read(move |tx| document(tx, sql::NOTE, [key])).await
    }
}
