//! Plain words: "yes" by itself is `/approve`, where it can be about nothing else.
//!
//! It can be about something else where the agent asks something, in whichever run, and where anything
//! was said in the chat after the card was put there. Whoever answers the card itself means the card.

use std::collections::BTreeSet;

use countersign_domain::approvals::{Approval, Choice};
use countersign_domain::chat::{ChatScope, Delivery, PostedCard};
use countersign_domain::commands::Builtin;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::{RunStatus, ToolCallState};
use countersign_ports::store::{PageRequest, RunFilter, StoreError};

use super::dispatch::told_of_failure;
use super::press::CARD_LOOKS;
use super::receive::Heard;
use super::reply::Reply;
use super::settings::InGroups;
use super::speaker::{Speaker, ToldBy};
use crate::gateway::Gateway;

/// The longest plain word, in bytes.
const LONGEST_WORD: usize = 32;

/// Of so many runs of somebody it is looked whether they ask something where a word was said; who has
/// more is taken to be asked.
const MOST_ASKING: usize = 100;

/// What a word that could decide is about.
pub(super) enum About {
    /// This approval, of which this card was seen.
    Card(ApprovalId, Box<Option<PostedCard>>),
    /// It could be about something else as well.
    Unclear,
    /// Nothing that waits, or too much of it: it is a text like any other.
    Nothing,
}

impl Gateway {
    /// Text that by itself decides the one approval that waits. `None` if it is no such word. `active`
    /// is the run that is at work in the conversation.
    pub(super) async fn word_of_decision(
        &self,
        speaker: &Speaker,
        active: Option<RunId>,
        text: &str,
        delivery: Option<&Delivery>,
    ) -> Result<Option<Heard>, StoreError> {
        let Some(builtin) = self.word_means(speaker, text) else {
            return Ok(None);
        };
        let (id, here) = match self.word_is_about(speaker, active).await? {
            About::Card(id, here) => (id, *here),
            About::Nothing => return Ok(None),
            About::Unclear => {
                return self.unclear_word(speaker, active, text, delivery).await.map(Some);
            }
        };
        self.take_delivery(delivery.cloned()).await?;
        let reply =
            self.answered(speaker, builtin, (id, here.as_ref()), (Choice::Once, None)).await;
        let reply = told_of_failure(delivery.is_some(), reply)?;
        Ok(Some(Heard::told(reply)))
    }

    /// The command that a word by itself stands for.
    pub(super) fn word_means(&self, speaker: &Speaker, text: &str) -> Option<Builtin> {
        let words = &self.settings.chat.words;
        if speaker.scope == ChatScope::Group && words.in_groups == InGroups::Off {
            return None;
        }
        let word = text.trim().trim_end_matches(['.', '!']);
        if word.len() > LONGEST_WORD || !speaker.files.is_empty() {
            return None;
        }
        let word = word.to_lowercase();
        if words.approve.contains(&word) {
            Some(Builtin::Approve)
        } else if words.deny.contains(&word) {
            Some(Builtin::Deny)
        } else {
            None
        }
    }

    /// What a word, or a number, without more is about where somebody speaks.
    pub(super) async fn word_is_about(
        &self,
        speaker: &Speaker,
        active: Option<RunId>,
    ) -> Result<About, StoreError> {
        let mut looks = CARD_LOOKS;
        if let Some(id) = self.answered_card(speaker).await? {
            let here = self.card_here(speaker, id, &mut looks).await?;
            return Ok(About::Card(id, Box::new(here)));
        }
        let waiting = self.waiting_here(speaker).await?;
        let [only] = waiting.as_slice() else {
            return Ok(About::Nothing);
        };
        let here = self.card_here(speaker, only.id, &mut looks).await?;
        let is_last = match &here {
            Some(card) => card.message.is_some() && !card.spoken_after,
            // Whoever follows the run itself sees what it is shown.
            None => speaker.told_by == ToldBy::Caller,
        };
        if !is_last || self.is_asked_here(speaker, active, only).await? {
            return Ok(About::Unclear);
        }
        Ok(About::Card(only.id, Box::new(here)))
    }

    /// Whether the agent asks something where somebody speaks: in the run that waits for `approval`,
    /// in the one that is at work in the conversation, or in another one of theirs.
    async fn is_asked_here(
        &self,
        speaker: &Speaker,
        active: Option<RunId>,
        approval: &Approval,
    ) -> Result<bool, StoreError> {
        let mut looked: BTreeSet<RunId> = active.into_iter().collect();
        looked.insert(approval.requester.run_id);
        for run in looked {
            if self.asks(run).await? {
                return Ok(true);
            }
        }
        if speaker.told_by == ToldBy::Caller {
            return Ok(false);
        }
        let filter = RunFilter {
            status: Some(RunStatus::WaitingForAnswer),
            requested_by: Some(speaker.caller.principal.clone()),
            ..RunFilter::default()
        };
        let page = PageRequest { before: None, limit: MOST_ASKING };
        let asking = self.store.runs().runs(filter, page).await?.items;
        if asking.len() >= MOST_ASKING {
            return Ok(true);
        }
        for run in asking {
            let told = self.store.chats().chat_runs(run.session_id).await?;
            let is_here = |told: &countersign_domain::chat::ChatRun| {
                told.run_id == run.id && told.address == speaker.address
            };
            if told.iter().any(is_here) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a run asks a person something.
    pub(super) async fn asks(&self, run: RunId) -> Result<bool, StoreError> {
        let calls = self.store.runs().calls(run).await?;
        let open = |state: &ToolCallState| matches!(state, ToolCallState::AwaitingAnswer { .. });
        Ok(calls.iter().any(|call| open(&call.value.state)))
    }

    /// A word that can be about something else decides nothing. Where the agent asks whoever said it,
    /// it is the answer.
    pub(super) async fn unclear_word(
        &self,
        speaker: &Speaker,
        active: Option<RunId>,
        text: &str,
        delivery: Option<&Delivery>,
    ) -> Result<Heard, StoreError> {
        const HOW: &str = "For that press a button of its card, answer the card itself, or type \
                           /approve or /deny.";
        if let Some(run) = active
            && let Some(heard) = self.answer_to_question(speaker, run, text, delivery).await?
        {
            let words = "This was taken as the answer to the agent's question, and not as a decision \
                         on the approval that waits. ";
            let reply = heard.reply.unwrap_or_else(|| Reply::own(words).and(HOW));
            return Ok(Heard { reply: Some(reply), ..heard });
        }
        self.take_delivery(delivery.cloned()).await?;
        let words = "Nothing was decided: a word by itself can be about what was said here besides the \
                     card, too. ";
        Ok(Heard::told(Reply::own(words).and(HOW)))
    }
}
