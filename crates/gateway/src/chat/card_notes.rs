//! What is noted of cards: that they are there, what they show, and that more was said after them.

use countersign_domain::approvals::Approval;
use countersign_domain::chat::{Address, CardNonce, ChatRun, PostedCard};
use countersign_domain::digest::Digest;
use countersign_domain::ids::{ApprovalId, CardId};
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
        let random = || CardId::from_uuid(self.entropy.uuid());
        let id = card_id(approval.id, &run.address).unwrap_or_else(random);
        let card = PostedCard {
            id,
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
        match self.commit(UnitOfWork::new().and(Change::AddCard(Box::new(card.clone())))).await {
            Ok(_) => Ok(card),
            // Another node was quicker: it is the same card.
            Err(StoreError::Conflict(conflict)) => {
                let known = self.store.chats().card(id).await?;
                known.map(|known| known.value).ok_or(StoreError::Conflict(conflict))
            }
            Err(error) => Err(error),
        }
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

/// The id of the one card that an approval has at an address, whichever node puts it there. It sorts
/// like the approval's own.
fn card_id(approval: ApprovalId, address: &Address) -> Option<CardId> {
    let approval = approval.to_string();
    let age = approval.strip_prefix(ApprovalId::PREFIX)?.get(..16)?;
    let said = format!("countersign card\n{approval}\n{}", address.key());
    let digest = Digest::of(said.as_bytes()).to_string();
    let own = digest.strip_prefix("sha256:")?.get(..15)?;
    format!("{}{age}8{own}", CardId::PREFIX).parse().ok()
}

fn first_half(secret: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(secret) {
        *to = from;
    }
    half
}
