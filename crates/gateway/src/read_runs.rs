//! Reading runs.

use countersign_domain::access::Scope;
use countersign_domain::approvals::Status;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::runs::{EntryBody, EventRecord, Run, Stream, ToolCallState};
use countersign_ports::store::{Page, PageRequest, RunFilter, StoreError};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_approvals::ReadError;

/// A run as callers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// What it was asked, oldest first.
    pub input: Vec<InputMessage>,
    /// The name of its last event.
    pub last_event: Option<&'static str>,
    /// Its approvals that nobody has decided, oldest first.
    pub pending_approvals: Vec<ApprovalId>,
    /// The question that it waits for an answer to.
    pub question: Option<PendingQuestion>,
}

/// One message that a run was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputMessage {
    /// `system`, `user` or `assistant`.
    pub role: &'static str,
    /// The text.
    pub text: String,
}

/// A question of the agent that nobody has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// The call that asks.
    pub call_id: CallId,
    /// The question.
    pub text: String,
}

impl Gateway {
    /// One run, if the caller may see it.
    pub async fn run_view(&self, id: RunId, caller: &Caller) -> Result<RunView, ReadError> {
        self.visible_run(id, caller).await?;
        let run = self.run(id).await?.value;
        self.viewed(run).await.map_err(ReadError::from)
    }

    /// Nothing, or why the caller does not get to see this run.
    pub async fn visible_run(&self, id: RunId, caller: &Caller) -> Result<Run, ReadError> {
        let found = self.store.runs().run(id).await?.map(|run| run.value);
        found.filter(|run| caller.may_see(run)).ok_or(ReadError::NoRun(id))
    }

    /// The runs that the caller may see, newest first.
    pub async fn runs(
        &self,
        mut filter: RunFilter,
        page: PageRequest<RunId>,
        caller: &Caller,
    ) -> Result<Page<RunView, RunId>, ReadError> {
        caller.require(Scope::Runs)?;
        if !caller.may(Scope::Admin) {
            filter.requested_by = Some(caller.principal.clone());
        }
        let Page { items, next } = self.store.runs().runs(filter, page).await?;
        let mut views = Vec::with_capacity(items.len());
        for run in items {
            views.push(self.viewed(run).await?);
        }
        Ok(Page { items: views, next })
    }

    /// The last event of a run.
    pub async fn last_event(&self, run: RunId) -> Result<Option<EventRecord>, StoreError> {
        self.store.events().last(Stream::Run(run)).await
    }

    async fn viewed(&self, run: Run) -> Result<RunView, StoreError> {
        let last_event = self.last_event(run.id).await?;
        // A run that is over waits for nobody.
        let (pending, calls) = if run.status().is_final() {
            (Vec::new(), Vec::new())
        } else {
            let pending = self.store.approvals().of_run(run.id, Status::Pending).await?;
            (pending, self.store.runs().calls(run.id).await?)
        };
        let shown = |text: &str| self.redactor.redact(text).into_owned();
        let question = calls.into_iter().find_map(|call| match call.value.state {
            ToolCallState::AwaitingAnswer { question } => {
                Some(PendingQuestion { call_id: call.value.call.id, text: shown(&question.text) })
            }
            ToolCallState::Proposed
            | ToolCallState::AwaitingApproval { .. }
            | ToolCallState::Started { .. }
            | ToolCallState::Done { .. } => None,
        });
        let entries = self.store.runs().entries_of_run(run.id).await?;
        // What the model said later is told by the events; here is only what it was given.
        let input = entries.into_iter().map_while(|entry| match entry.body {
            EntryBody::System { text } => Some(InputMessage { role: "system", text: shown(&text) }),
            EntryBody::User { text } => Some(InputMessage { role: "user", text: shown(&text) }),
            EntryBody::ThirdParty { from, text, .. } => {
                let text = shown(&format!("{from} wrote: {text}"));
                Some(InputMessage { role: "third_party", text })
            }
            EntryBody::Assistant { calls, text, .. } if calls.is_empty() => {
                Some(InputMessage { role: "assistant", text: shown(&text) })
            }
            EntryBody::Assistant { .. } => None,
        });
        let mut input: Vec<InputMessage> = input.collect();
        while input.last().is_some_and(|message| message.role == "assistant") {
            input.pop();
        }
        Ok(RunView {
            input,
            last_event: last_event.map(|record| record.event.name()),
            pending_approvals: pending.into_iter().map(|approval| approval.value.id).collect(),
            question,
            run,
        })
    }
}
