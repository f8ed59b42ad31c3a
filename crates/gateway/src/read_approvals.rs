//! Reading approvals and assessing without effect.

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, ApprovalState, HistoryEntry, Status};
use countersign_domain::identity::Principal;
use countersign_domain::ids::{ApprovalId, CallId, RuleId, RunId};
use countersign_domain::runs::{ApprovalRaised, ExecutionOutcome, Stream};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{ApprovalFilter, Page, PageRequest, StoreError};
use serde::Serialize;

use crate::caller::{Caller, Forbidden};
use crate::card::{card, draft};
use crate::gateway::Gateway;
use crate::guard::Assessed;
use crate::preview_files::FilePreview;

/// An approval as every surface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalView {
    /// The facts of the card.
    #[serde(flatten)]
    pub card: ApprovalRaised,
    /// The run that waits for it.
    pub run_id: RunId,
    /// The tool call that waits for it.
    pub call_id: CallId,
    /// The approval on whose card this call was counted.
    pub share_of: Option<ApprovalId>,
    /// Where it stands.
    pub status: Status,
    /// A person's answer.
    pub decision: Option<DecisionView>,
    /// Whether it ran, and how that ended.
    pub outcome: Option<OutcomeView>,
    /// What happened to it, oldest first.
    pub history: Vec<HistoryEntry>,
    /// What a person may change before deciding, for kinds that have such content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// What the scripts that it runs say; only where one pending approval is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<FilePreview>,
    /// Where it would happen: the name of this machine, or who else would do it.
    pub host: String,
    /// The token of the decision, for the program that asked and carries it out itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// What was answered.
    pub choice: countersign_domain::approvals::Choice,
    /// By whom.
    pub by: Principal,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The rule that it left behind.
    pub rule_id: Option<RuleId>,
}

/// Whether an approved effect ran, and how that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeView {
    /// In one word.
    pub status: ExecutionOutcome,
    /// The process's exit status.
    pub exit_code: Option<i32>,
    /// From claim to end, in milliseconds.
    pub duration_ms: Option<u64>,
    /// When.
    pub at: Timestamp,
}

/// Why something cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such approval, or the caller may not see it.
    #[error("there is no approval `{0}`")]
    NoApproval(ApprovalId),
    /// No such run, or the caller may not see it.
    #[error("there is no run `{0}`")]
    NoRun(RunId),
    /// The caller may not read this kind of thing.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// One approval.
    pub async fn approval(
        &self,
        id: ApprovalId,
        caller: &Caller,
    ) -> Result<ApprovalView, ReadError> {
        let found = self.store.approvals().approval(id).await?.map(|approval| approval.value);
        let approval = found.ok_or(ReadError::NoApproval(id))?;
        // The requester sees what it asked for; others need the scope. Who may not see it learns
        // nothing of its existence.
        let asks = caller.may(Scope::Runs) || caller.may(Scope::Outbound);
        let own = asks && approval.requester.principal == caller.principal;
        if !own && !caller.may(Scope::ApprovalsRead) {
            return Err(ReadError::NoApproval(id));
        }
        let mut view = self.approval_view(&approval);
        if view.status == Status::Pending {
            view.previews = self.previews(&approval).await;
        }
        if own {
            view.grant = self.grant_for_requester(&approval).await?;
        }
        Ok(view)
    }

    /// The same, once it is no longer pending or `patience` has run out.
    pub async fn approval_when_decided(
        &self,
        id: ApprovalId,
        patience: Duration,
        caller: &Caller,
    ) -> Result<ApprovalView, ReadError> {
        let deadline = tokio::time::Instant::now() + patience;
        let run = self.approval(id, caller).await?.run_id;
        let mut wakeups = self.bus.subscribe(Stream::Run(run).into());
        loop {
            let view = self.approval(id, caller).await?;
            if view.status != Status::Pending {
                return Ok(view);
            }
            let now = tokio::time::Instant::now();
            if now >= deadline {
                return Ok(view);
            }
            // Announcements may be lost, so the store is looked at now and then without one.
            let look_again = deadline.min(now + self.look_again());
            drop(tokio::time::timeout_at(look_again, wakeups.changed()).await);
        }
    }

    /// Approvals, newest first.
    pub async fn approvals(
        &self,
        filter: ApprovalFilter,
        page: PageRequest<ApprovalId>,
        caller: &Caller,
    ) -> Result<Page<ApprovalView, ApprovalId>, ReadError> {
        caller.require(Scope::ApprovalsRead)?;
        let Page { items, next } = self.store.approvals().approvals(filter, page).await?;
        let items = items.iter().map(|approval| self.approval_view(approval)).collect();
        Ok(Page { items, next })
    }

    /// How many approvals are pending.
    pub async fn pending_approvals(&self) -> Result<u64, StoreError> {
        self.store.approvals().pending().await
    }

    /// The agent's workspace: absolute, resolved.
    pub fn workspace(&self) -> &str {
        self.guard.workspace()
    }

    /// What the guard says of an action. Nothing is asked, stored or run.
    pub fn assess(&self, action: &Action) -> Assessed {
        self.guard.assess(action)
    }

    /// The card; while it is pending, with the quorum of the policy in force.
    fn card_now(&self, approval: &Approval) -> ApprovalRaised {
        let mut card = card(approval, &self.redactor);
        if approval.status() == Status::Pending {
            let now = self.settings.quorum.needed(approval.assessment.severity());
            card.attention.votes_needed = card.attention.votes_needed.max(now);
        }
        card
    }

    fn where_it_happens(&self, approval: &Approval) -> String {
        let who = &approval.requester.principal;
        if approval.is_foreign() {
            format!("wherever {who} runs")
        } else {
            self.settings.host.clone()
        }
    }

    /// An approval as every surface shows it.
    pub fn approval_view(&self, approval: &Approval) -> ApprovalView {
        let decision = approval.state.decision().map(|decision| DecisionView {
            choice: decision.choice,
            by: decision.by.clone(),
            reason: decision
                .reason
                .as_deref()
                .map(|reason| self.redactor.redact(reason).into_owned()),
            at: decision.at,
            rule_id: decision.rule,
        });
        ApprovalView {
            card: self.card_now(approval),
            run_id: approval.requester.run_id,
            call_id: approval.requester.call_id,
            share_of: approval.share_of,
            status: approval.status(),
            decision,
            outcome: outcome(&approval.state),
            history: approval.history.clone(),
            draft: draft(approval, &self.redactor),
            previews: Vec::new(),
            host: self.where_it_happens(approval),
            grant: None,
        }
    }
}

fn outcome(state: &ApprovalState) -> Option<OutcomeView> {
    let unfinished = |status, at: &Timestamp| OutcomeView {
        status,
        exit_code: None,
        duration_ms: None,
        at: *at,
    };
    match state {
        ApprovalState::Executed { outcome, .. } => Some(OutcomeView {
            status: outcome.status.into(),
            exit_code: outcome.exit_code,
            duration_ms: Some(outcome.duration_ms),
            at: outcome.at,
        }),
        ApprovalState::Indeterminate { at, .. } => {
            Some(unfinished(ExecutionOutcome::Indeterminate, at))
        }
        ApprovalState::Lapsed { at, .. } => Some(unfinished(ExecutionOutcome::Lapsed, at)),
        ApprovalState::Pending
        | ApprovalState::Approved { .. }
        | ApprovalState::Denied { .. }
        | ApprovalState::Expired { .. }
        | ApprovalState::Cancelled { .. }
        | ApprovalState::Claimed { .. } => None,
    }
}
