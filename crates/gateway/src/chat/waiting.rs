//! What waits for a decision in a chat, and which of it somebody means.

use countersign_domain::approvals::{Approval, Choice, Status};
use countersign_domain::ids::ApprovalId;
use countersign_ports::store::{ApprovalFilter, PageRequest, StoreError};

use super::reply::Reply;
use super::speaker::{Speaker, ToldBy};
use crate::gateway::Gateway;

/// An abbreviation of an id has at least this many of its last digits.
const SHORTEST_ENDING: usize = 6;

/// How many approvals of a session are looked at.
const MOST: usize = 100;

/// Which approvals an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// These.
    These(Vec<ApprovalId>),
    /// None can be told; this says why.
    Unclear(Reply),
}

impl Gateway {
    /// The approvals that wait in this very chat and thread, oldest first.
    pub(super) async fn waiting_here(
        &self,
        speaker: &Speaker,
    ) -> Result<Vec<Approval>, StoreError> {
        match speaker.told_by {
            ToldBy::Platform => {
                let mut waiting = Vec::new();
                for card in self.store.chats().open_cards_at(&speaker.address).await? {
                    let found = self.store.approvals().approval(card.approval_id).await?;
                    waiting.extend(found.map(|found| found.value));
                }
                waiting.retain(|approval| approval.status() == Status::Pending);
                waiting.dedup_by_key(|approval| approval.id);
                Ok(waiting)
            }
            ToldBy::Caller => {
                let Some(found) = self.conversation(speaker).await? else {
                    return Ok(Vec::new());
                };
                let filter = ApprovalFilter {
                    status: Some(Status::Pending),
                    session_id: Some(found.value.session),
                    ..ApprovalFilter::default()
                };
                let page = PageRequest { before: None, limit: MOST };
                let mut waiting = self.store.approvals().approvals(filter, page).await?.items;
                waiting.reverse();
                Ok(waiting)
            }
        }
    }

    /// The approval whose card the speaker answers.
    pub(super) async fn answered_card(
        &self,
        speaker: &Speaker,
    ) -> Result<Option<ApprovalId>, StoreError> {
        let Some(answering) = &speaker.answering else {
            return Ok(None);
        };
        let cards = self.store.chats().open_cards_at(&speaker.address).await?;
        let meant = cards.into_iter().find(|card| card.message.as_ref() == Some(answering));
        Ok(meant.map(|card| card.approval_id))
    }

    /// Which approvals `word` means: an id or its end, `all`, or without a word the only one.
    pub(super) async fn meant(
        &self,
        speaker: &Speaker,
        word: Option<&str>,
    ) -> Result<Meant, StoreError> {
        if let Some(id) = word.and_then(|word| word.parse::<ApprovalId>().ok()) {
            return Ok(Meant::These(vec![id]));
        }
        let waiting = match (word, self.answered_card(speaker).await?) {
            // Whoever answers a card means that one.
            (None, Some(id)) => return Ok(Meant::These(vec![id])),
            _ => self.waiting_here(speaker).await?,
        };
        let matching: Vec<&Approval> = match word {
            None => waiting.iter().collect(),
            Some(word) if word.eq_ignore_ascii_case("all") => {
                let all = waiting.iter().map(|approval| approval.id).collect::<Vec<_>>();
                return Ok(if all.is_empty() { nothing_waits() } else { Meant::These(all) });
            }
            Some(word) => waiting.iter().filter(|one| one.id.to_string().ends_with(word)).collect(),
        };
        Ok(match (matching.as_slice(), word) {
            ([only], _) => Meant::These(vec![only.id]),
            ([], None) => nothing_waits(),
            ([], Some(_)) => Meant::Unclear(
                Reply::own("No approval that waits here has that id. ")
                    .and("/approvals lists them."),
            ),
            ([_, _, ..], _) => {
                let reply = Reply::own("More than one approval waits; nothing was decided.\n");
                Meant::Unclear(self.listed(reply, &matching))
            }
        })
    }

    /// A line for each of `approvals`, with its id.
    pub(super) fn listed(&self, mut reply: Reply, approvals: &[&Approval]) -> Reply {
        for approval in approvals {
            reply = reply
                .and(format!("{} ", ending(approval.id)))
                .quoting(self.preview(&approval.action))
                .and("\n");
        }
        reply.and("Say which: /approve <id> or /deny <id>")
    }
}

/// Whether `word` can name an approval: an id, its end, or `all`.
pub(super) fn names_approval(word: &str) -> bool {
    let digits = word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    word.eq_ignore_ascii_case("all")
        || word.starts_with(ApprovalId::PREFIX)
        || (word.len() >= SHORTEST_ENDING && digits)
}

/// The choice that `word` names for `/approve`.
pub(super) fn approving(word: &str) -> Option<Choice> {
    Choice::from_word(&word.to_ascii_lowercase()).filter(|choice| choice.approves())
}

/// The last digits of an id.
pub(super) fn ending(id: ApprovalId) -> String {
    let id = id.to_string();
    let skipped = id.len().saturating_sub(SHORTEST_ENDING + 2);
    id.chars().skip(skipped).collect()
}

fn nothing_waits() -> Meant {
    Meant::Unclear(Reply::own("Nothing waits for a decision here."))
}
