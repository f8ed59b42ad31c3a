//! Reading runs as responses.

use countersign_domain::ids::{MessageId, RunId};
use countersign_domain::runs::{EntryBody, Keeping, Run};
use countersign_ports::store::StoreError;

use crate::caller::Caller;
use crate::gateway::{Gateway, Settles};

/// A run as a response.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseView {
    /// The run.
    pub run: Run,
    /// The run of the response that it goes on from.
    pub previous: Option<RunId>,
    /// Whether it can be read later.
    pub kept: bool,
    /// What the model has said, oldest first.
    pub messages: Vec<(MessageId, String)>,
}

/// Why a response cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// No such response, or the caller may not see it.
    #[error("there is no such response: it was never kept, was deleted, or is another caller's")]
    NoResponse(RunId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for ResponseError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// A response that is kept.
    pub async fn response(
        &self,
        id: RunId,
        caller: &Caller,
    ) -> Result<ResponseView, ResponseError> {
        let run = self.kept_response(id, caller).await?;
        Ok(self.as_response(run).await?)
    }

    /// What a run that was asked for as a response has come to, whether or not it is kept.
    pub async fn as_response(&self, run: Run) -> Result<ResponseView, StoreError> {
        let given = run.response.map_or(0, |response| response.given);
        let entries = self.store.runs().entries_of_run(run.id).await?;
        let said = entries.into_iter().filter(|entry| entry.position >= given);
        let messages = said.filter_map(|entry| match entry.body {
            EntryBody::Assistant { message_id, text, .. } if !text.is_empty() => {
                Some((message_id, self.redactor.redact(&text).into_owned()))
            }
            EntryBody::Assistant { .. }
            | EntryBody::System { .. }
            | EntryBody::User { .. }
            | EntryBody::ThirdParty { .. } => None,
        });
        let messages = messages.collect();
        let previous = run.response.and_then(|response| response.previous);
        let kept = run.response.is_some_and(|response| response.keeping == Keeping::Kept);
        Ok(ResponseView { run, previous, kept, messages })
    }

    /// The run of a response that the caller may see, if it is kept.
    pub(crate) async fn kept_response(
        &self,
        id: RunId,
        caller: &Caller,
    ) -> Result<Run, ResponseError> {
        let found = self.store.runs().run(id).await?.map(|run| run.value);
        found.filter(|run| caller.may_see(run) && is_kept(run)).ok_or(ResponseError::NoResponse(id))
    }
}

pub(crate) fn is_kept(run: &Run) -> bool {
    run.response.is_some_and(|response| response.keeping == Keeping::Kept)
}
