//! Answers by numbers, where cards have no buttons: bound to the card that they quote. Without a quote
//! a number counts where a plain word does (`word.rs`).

use countersign_domain::approvals::{Approval, Choice};
use countersign_domain::chat::{ChatScope, Delivery, MessageId, PostedCard};
use countersign_domain::commands::Builtin;
use countersign_domain::ids::RunId;
use countersign_ports::platform::{About, Feature};
use countersign_ports::store::StoreError;

use super::dispatch::told_of_failure;
use super::receive::Heard;
use super::reply::Reply;
use super::settings::InGroups;
use super::speaker::{Speaker, ToldBy};
use super::word::About as IsAbout;
use crate::gateway::Gateway;

/// How many of the newest cards of a chat a quote is looked for among.
const LOOKED_THROUGH: usize = 100;

/// What a message that somebody quotes is.
enum Quoted {
    /// This card, as it is now.
    Card(Box<PostedCard>),
    /// None that is shown now.
    NoCard,
}

/// The number of a choice. It is the same on every card, so that who is used to one does not answer
/// something else with it.
pub(super) const fn number_of(choice: Choice) -> u8 {
    match choice {
        Choice::Deny => 0,
        Choice::Once => 1,
        Choice::Session => 2,
        Choice::Always => 3,
    }
}

/// The choice that a text is the number of.
pub(super) fn choice_of(text: &str) -> Option<Choice> {
    let digits = text.trim().trim_end_matches(['.', ')', '!']);
    Choice::ALL.into_iter().find(|choice| digits == number_of(*choice).to_string())
}

/// The line of a card that says how it is answered; `None` where that is not by numbers.
pub(super) fn answers(offered: &[Choice], about: &About) -> Option<String> {
    if !about.features.contains(&Feature::Numbers) || offered.is_empty() {
        return None;
    }
    let words = |choice: &Choice| {
        let what = match choice {
            Choice::Once => "allow once",
            Choice::Session => "allow for this session",
            Choice::Always => "allow always",
            Choice::Deny => "deny",
        };
        format!("{} {what}", number_of(*choice))
    };
    let offered: Vec<String> = offered.iter().map(words).collect();
    Some(format!("Reply to this message with a number: {}", offered.join(", ")))
}

impl Gateway {
    /// Text that is the number of a choice, or a plain word that quotes a card. `None` if it decides
    /// nothing and goes on as what it is.
    pub(super) async fn number_of_decision(
        &self,
        speaker: &Speaker,
        active: Option<RunId>,
        text: &str,
        delivery: Option<&Delivery>,
    ) -> Result<Option<Heard>, StoreError> {
        if !self.takes_numbers(speaker) {
            return Ok(None);
        }
        let word = speaker.answering.as_ref().and_then(|_| self.word_means(speaker, text));
        let choice = match (choice_of(text), word) {
            (Some(choice), _) => choice,
            (None, Some(Builtin::Deny)) => Choice::Deny,
            (None, Some(_)) => Choice::Once,
            (None, None) => return Ok(None),
        };
        let (id, card) = match &speaker.answering {
            Some(quoted) => match self.quoted(speaker, quoted).await? {
                Quoted::Card(card) => (card.approval_id, Some(*card)),
                Quoted::NoCard => return self.about_no_card(speaker, delivery).await,
            },
            None => match self.word_is_about(speaker, active).await? {
                IsAbout::Card(id, here) => (id, *here),
                IsAbout::Nothing => return Ok(None),
                IsAbout::Unclear => {
                    return self.unclear_word(speaker, active, text, delivery).await.map(Some);
                }
            },
        };
        self.take_delivery(delivery.cloned()).await?;
        let builtin = if choice.approves() { Builtin::Approve } else { Builtin::Deny };
        let about = (id, card.as_ref());
        let reply = self.answered(speaker, builtin, about, (choice, None)).await;
        let reply = told_of_failure(delivery.is_some(), reply)?;
        Ok(Some(Heard::told(reply)))
    }

    /// Whether cards are answered by numbers where somebody speaks.
    fn takes_numbers(&self, speaker: &Speaker) -> bool {
        let others_listen = speaker.scope == ChatScope::Group;
        if speaker.told_by == ToldBy::Caller
            || (others_listen && self.settings.chat.words.in_groups == InGroups::Off)
        {
            return false;
        }
        let adapter = self.chats.adapter(&speaker.address);
        adapter.is_some_and(|one| one.about().features.contains(&Feature::Numbers))
    }

    /// What the message is, among the newest cards of the chat.
    async fn quoted(&self, speaker: &Speaker, quoted: &MessageId) -> Result<Quoted, StoreError> {
        let cards = self.store.chats().last_cards_at(&speaker.address, LOOKED_THROUGH).await?;
        let found = cards.into_iter().find(|card| card.message.as_ref() == Some(quoted));
        Ok(found.map_or(Quoted::NoCard, |card| Quoted::Card(Box::new(card))))
    }

    /// What is said about a message that is no card is for the agent, unless it may be meant for
    /// something that waits.
    async fn about_no_card(
        &self,
        speaker: &Speaker,
        delivery: Option<&Delivery>,
    ) -> Result<Option<Heard>, StoreError> {
        let waiting = self.waiting_here(speaker).await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        self.take_delivery(delivery.cloned()).await?;
        let waiting: Vec<&Approval> = waiting.iter().collect();
        let reply = Reply::own(
            "Nothing was decided: the message that you reply to is no card as it is now.\n",
        );
        Ok(Some(Heard::told(self.listed(reply, &waiting))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_choice_only_by_itself() {
        for (text, choice) in [
            ("1", Choice::Once),
            (" 2. ", Choice::Session),
            ("3)", Choice::Always),
            ("0", Choice::Deny),
        ] {
            assert_eq!(choice_of(text), Some(choice), "{text}");
        }
        for text in ["", "4", "01", "1 2", "10", "one", "+1", "-1", "1️⃣", "١", "1, please"] {
            assert_eq!(choice_of(text), None, "{text}");
        }
    }
}
