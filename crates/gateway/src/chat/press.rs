//! Buttons: a click counts if its card stands where it was made, and shows now what it showed then.

use std::time::Duration;

use countersign_domain::chat::PostedCard;
use countersign_domain::commands::Builtin;
use countersign_ports::platform::{Click, Origin, Receipt, RefusedCallback};
use countersign_ports::store::StoreError;

use super::admission::Admitted;
use super::desk::DropReason;
use super::receive::Untaken;
use super::refuse::BroughtBy;
use super::reply::Reply;
use crate::gateway::Gateway;

/// How often it is looked whether a card stands.
pub(super) const CARD_LOOKS: u32 = 50;

/// The pause between two looks.
pub(super) const CARD_PAUSE: Duration = Duration::from_millis(20);

impl Gateway {
    /// A button: pressing it is running its command. Whoever presses is told what came of it.
    pub(super) async fn take_click(&self, click: Click) -> Result<Receipt, Untaken> {
        let told = |text: String| Ok(Receipt::Taken(Some(text)));
        let admitted = match self.admit(&click.origin).await {
            Ok(Admitted::Speaker(speaker)) => Ok(*speaker),
            Ok(Admitted::Unknown(_)) => Err(DropReason::NotAllowed),
            Err(Untaken::Dropped(reason)) => Err(reason),
            Err(Untaken::Store(error)) => return Err(error.into()),
        };
        let speaker = match admitted {
            Ok(speaker) => speaker,
            Err(reason @ (DropReason::NotAllowed | DropReason::NobodyKnown)) => {
                self.chats.count_drop(reason);
                let refused = refused_click(&click, "who pressed it may not talk here");
                self.note_refused(refused, BroughtBy::Platform).await;
                return told("You may not use this bot here; nothing was decided.".to_owned());
            }
            Err(other) => return Err(other.into()),
        };
        let found = self.card_that_stands(&click).await?;
        // Its buttons would stand there for ever: nothing else knows of it.
        let strayed = found.as_ref().is_none_or(|card| is_elsewhere(card, &click));
        let Some(card) = found.filter(|card| is_of(card, &click)) else {
            let why = "the button is of no card that is in this message of this chat, as it is now";
            self.note_refused(refused_click(&click, why), BroughtBy::Platform).await;
            let unknown = "This button belongs to no card of this chat, or to what its card showed \
                           before; nothing was decided.";
            let unknown = Reply::own(unknown).render(speaker.surface);
            return Ok(if strayed {
                Receipt::Stray(unknown)
            } else {
                Receipt::Taken(Some(unknown))
            });
        };
        let builtin = if click.choice.approves() { Builtin::Approve } else { Builtin::Deny };
        // What the pressed message shows, and not what has come in its place since.
        let about = (card.approval_id, Some(&card));
        let answer = (click.choice, click.reason);
        let reply = self.answered(&speaker, builtin, about, answer).await?;
        told(reply.render(speaker.surface))
    }

    /// The card that a button names, once it is known that it is in this message: the quickest click
    /// is quicker than the note of that.
    async fn card_that_stands(&self, click: &Click) -> Result<Option<PostedCard>, StoreError> {
        let mut found = None;
        for _ in 0..CARD_LOOKS {
            found = self.store.chats().card(click.card).await?.map(|card| card.value);
            let Some(card) = &found else { break };
            if is_of(card, click) || !self.is_soon_of(card, click).await? {
                break;
            }
            tokio::time::sleep(CARD_PAUSE).await;
        }
        Ok(found)
    }

    /// Whether the button is one that this card is being given, or stands in a message that it is
    /// being put into.
    async fn is_soon_of(&self, card: &PostedCard, click: &Click) -> Result<bool, StoreError> {
        if card.buttons() == click.nonce {
            return Ok(card.message.as_ref() != Some(&click.message));
        }
        let about = self.store.approvals().approval(card.approval_id).await?;
        Ok(about.is_some_and(|about| {
            let (digest, count) = (about.value.digest, about.value.count());
            card.nonce.showing(digest, count) == click.nonce
        }))
    }
}

fn refused_click(click: &Click, why: &str) -> RefusedCallback {
    let Origin { address, sender, .. } = &click.origin;
    RefusedCallback {
        platform: address.platform.clone(),
        account: address.account.clone(),
        what: "click",
        claimed: sender.clone(),
        why: why.to_owned(),
    }
}

/// Whether the card is known to be in another message than the one that was pressed.
fn is_elsewhere(card: &PostedCard, click: &Click) -> bool {
    card.message.as_ref().is_some_and(|message| *message != click.message)
}

/// Whether the button is one of this card, where the card is, and under what it shows now.
fn is_of(card: &PostedCard, click: &Click) -> bool {
    let message = card.message.as_ref() == Some(&click.message);
    card.buttons() == click.nonce && card.address == click.origin.address && message
}
