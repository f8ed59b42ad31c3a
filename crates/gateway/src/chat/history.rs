//! Taking back what was said: `/undo` and `/retry`. Nothing is removed from the journal; later runs
//! do not see it, and what was done stays done.

use countersign_domain::chat::{Conversation, Delivery};
use countersign_domain::ids::RunId;
use countersign_domain::runs::EntryBody;
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::store::{PageRequest, RunFilter, StoreError};

use super::receive::Heard;
use super::reply::Reply;
use super::speak::Manner;
use super::speaker::Speaker;
use crate::gateway::Gateway;

/// So many messages are taken back at most at once.
const MOST_UNDONE: usize = 50;

impl Gateway {
    /// `/undo`.
    pub(super) async fn undo(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let wanted = match command.arguments() {
            "" => Some(1),
            number => number.parse().ok().filter(|number| (1..=MOST_UNDONE).contains(number)),
        };
        let Some(wanted) = wanted else {
            return Ok(Reply::own(format!("/undo [N], with N from 1 to {MOST_UNDONE}")));
        };
        let runs = self.last_runs(speaker, wanted).await?;
        if runs.is_empty() {
            return Ok(Reply::own("Nothing was said here that could be taken back."));
        }
        self.change_conversation(speaker, |conversation| {
            let undone = conversation.undone.iter().chain(&runs).copied().collect();
            Conversation { undone, ..conversation.clone() }
        })
        .await?;
        let count = runs.len();
        Ok(Reply::own(format!(
            "Taken back: {count} of your messages and what was answered. The agent does not see \
             them any more; what was done stays done."
        )))
    }

    /// `/retry`: the last message once more, as if it had not been answered.
    pub(super) async fn retry(
        &self,
        speaker: &Speaker,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let last = self.last_runs(speaker, 1).await?.first().copied();
        let said = match last {
            Some(run) => self.first_words(run).await?.map(|words| (run, words)),
            None => None,
        };
        let Some((run, words)) = said else {
            self.take_delivery(delivery).await?;
            let reply = Reply::own("Nothing was said here that could be answered anew.");
            return Ok(Heard::told(reply));
        };
        self.speak(speaker, &words, Manner::Again(run), delivery).await
    }

    /// The newest runs of the conversation that were not taken back.
    async fn last_runs(&self, speaker: &Speaker, wanted: usize) -> Result<Vec<RunId>, StoreError> {
        let Some(found) = self.conversation(speaker).await? else {
            return Ok(Vec::new());
        };
        let undone = found.value.undone;
        let filter = RunFilter { session_id: Some(found.value.session), ..RunFilter::default() };
        let page = PageRequest { before: None, limit: wanted + undone.len() };
        let runs = self.store.runs().runs(filter, page).await?.items;
        let runs = runs.into_iter().map(|run| run.id).filter(|run| !undone.contains(run));
        Ok(runs.take(wanted).collect())
    }

    /// What a run was begun with.
    async fn first_words(&self, run: RunId) -> Result<Option<String>, StoreError> {
        let entries = self.store.runs().entries_of_run(run).await?;
        Ok(entries.into_iter().find_map(|entry| match entry.body {
            EntryBody::User { text } => Some(text),
            EntryBody::System { .. }
            | EntryBody::ThirdParty { .. }
            | EntryBody::Assistant { .. } => None,
        }))
    }
}
