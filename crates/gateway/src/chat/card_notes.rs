//! What is noted of cards: that they are there, what they show, and that more was said after them.

use countersign_domain::approvals::Approval;
use countersign_domain::chat::{Address, CardNonce, ChatRun, PostedCard};
use countersign_domain::ids::CardId;
use countersign_ports::platform::About;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::gateway::Gateway;

impl Gateway {
    /// The card is known before the platform has it, so that the quickest click finds it.
    pub(super) async fn new_card(
        &self,
        run: &ChatRun,
        approval: &Approval,
        seq: u64,
        about: &About,
    ) -> Result<PostedCard, StoreError> {
        let card = PostedCard {
            id: CardId::from_uuid(self.entropy.uuid()),
            approval_id: approval.id,
            run_id: run.run_id,
            address: run.address.clone(),
            // Half of a secret is unguessable, and fits the buttons of every platform.
            nonce: CardNonce::new(first_half(self.entropy.secret())),
            message: None,
            shows: seq,
            digest: approval.digest,
            count: approval.count(),
            whole: self.chat_card(approval, about).whole,
            spoken_after: false,
        };
        self.commit(UnitOfWork::new().and(Change::AddCard(Box::new(card.clone())))).await?;
        Ok(card)
    }

    /// Notes of a card what has become of it, whoever notes something else of it meanwhile.
    pub(super) async fn change_card(
        &self,
        id: CardId,
        change: impl Fn(PostedCard) -> PostedCard,
    ) -> Result<(), StoreError> {
        self.until_settled(|| async {
            let found = self.store.chats().card(id).await?;
            let Versioned { value, version } =
                found.ok_or_else(|| StoreError::Missing(id.to_string()))?;
            let change = Change::UpdateCard(Box::new(change(value)), version);
            self.commit(UnitOfWork::new().and(change)).await.map(drop)
        })
        .await
    }

    /// Something is about to be said in a chat: a plain word after it need not be about the cards that
    /// wait there.
    pub(super) async fn note_spoken(&self, address: &Address) {
        let noted = async {
            for card in self.store.chats().open_cards_at(address).await? {
                if !card.spoken_after {
                    let spoken = |card| PostedCard { spoken_after: true, ..card };
                    self.change_card(card.id, spoken).await?;
                }
            }
            Ok(())
        };
        let noted: Result<(), StoreError> = noted.await;
        if let Err(error) = noted {
            tracing::warn!(%error, "it could not be noted that something was said after a card");
        }
    }
}

fn first_half(secret: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(secret) {
        *to = from;
    }
    half
}
