//! Another program asks people about an action of its own.
//!
//! What waits is a run like any other, with one call that is never carried out here: the decision's
//! grant is for whoever asked.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, Callback, Choice, Foreign, Offer};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::display::one_line;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{ApprovalId, CallId, RunId, SessionId};
use countersign_domain::runs::{
    Course, Entry, EntryBody, Event, ProposedCall, Run, RunState, RunStatus, Session, ToolCall,
    ToolCallState, Usage,
};
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::Verdict;
use countersign_ports::store::{
    Change, Conflicting, PageRequest, RunFilter, StoreError, UnitOfWork,
};
use serde_json::{Map, Value, json};

use crate::caller::{Caller, Forbidden};
use crate::effect_gate::{event, started};
use crate::gateway::Gateway;
use crate::guard::Assessed;
use crate::read_approvals::ApprovalView;
use crate::remember::{Recalled, remembering, unreadable};
use crate::replies::reasons;
use crate::start_run::Idempotency;

/// The tool that such calls and grants name.
pub(crate) const TOOL: &str = "external";

/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// What another program asks about.
#[derive(Debug, Clone)]
pub struct ForeignRequest {
    /// What it would do.
    pub action: Action,
    /// What it calls that.
    pub title: Option<String>,
    /// What it attaches.
    pub metadata: Map<String, Value>,
    /// How long people have, at most as long as they would have anyway.
    pub timeout: Option<Duration>,
    /// Who alone may approve it, of those who may anyway; empty for all of them.
    pub approvers: BTreeSet<Principal>,
    /// Where it wants to be told.
    pub callback_url: Option<String>,
}

/// Why people are not asked.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The caller may not ask.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The policy forbids the action, whoever does it.
    #[error("this action is forbidden: {0}")]
    ForbiddenByPolicy(String),
    /// The title is too long.
    #[error("the title has {0} characters; at most {LONGEST_TITLE} are taken")]
    TitleTooLong(usize),
    /// Nobody would have time to answer.
    #[error("the time-out is too short")]
    NoTime,
    /// As many must agree as were not named.
    #[error("{needed} approvers must agree, and {named} are named")]
    TooFewApprovers {
        /// How many must agree.
        needed: u32,
        /// How many are named.
        named: usize,
    },
    /// No callback goes there.
    #[error("no callback goes there: {0}")]
    Callback(String),
    /// Enough of this caller's requests wait.
    #[error("{0} requests of this caller wait for people already, which is as many as may wait")]
    TooManyPending(u64),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for a different request")]
    IdempotencyConflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Puts an action of another program to people. When this returns, the question is on stable
    /// storage.
    pub async fn request_foreign(
        &self,
        request: ForeignRequest,
        caller: &Caller,
        idempotency: Option<Idempotency>,
    ) -> Result<ApprovalView, RequestError> {
        caller.require(Scope::Outbound)?;
        if let Some(known) = self.asked_before(caller, idempotency.as_ref()).await? {
            return Ok(known);
        }
        self.check_request(&request)?;
        self.check_room(caller).await?;
        let assessed = self.guard.assess(&request.action);
        if assessed.assessment.verdict() == Verdict::Forbid {
            return Err(self.forbid_foreign(&request.action, &assessed, caller).await?);
        }
        let (approval, mut work) = self.foreign_work(request, &assessed, caller).await?;
        if let Some(idempotency) = &idempotency {
            let (made, now) = (approval.id.to_string(), approval.created_at);
            work.push(remembering(caller, idempotency, made, now));
        }
        match self.commit(work).await {
            Ok(_) => Ok(self.approval_view(&approval)),
            // The same request came twice at one time, and the other one was first.
            Err(StoreError::Conflict(Conflicting::IdempotencyKey(_))) => self
                .asked_before(caller, idempotency.as_ref())
                .await?
                .ok_or(RequestError::IdempotencyConflict),
            Err(error) => Err(error.into()),
        }
    }

    fn check_request(&self, request: &ForeignRequest) -> Result<(), RequestError> {
        let length = request.title.as_deref().map_or(0, |title| title.chars().count());
        if length > LONGEST_TITLE {
            return Err(RequestError::TitleTooLong(length));
        }
        if request.timeout.is_some_and(|timeout| timeout < Duration::from_secs(1)) {
            return Err(RequestError::NoTime);
        }
        match &request.callback_url {
            Some(url) => self.check_callback(url).map_err(RequestError::Callback),
            None => Ok(()),
        }
    }

    /// Nobody's requests use all of people's attention up.
    async fn check_room(&self, caller: &Caller) -> Result<(), RequestError> {
        let most = self.settings.attention.max_pending;
        let filter = RunFilter {
            status: Some(RunStatus::WaitingForApproval),
            requested_by: Some(caller.principal.clone()),
            session_id: None,
        };
        let limit = usize::try_from(most).unwrap_or(usize::MAX).min(1000);
        let page = PageRequest { before: None, limit };
        let waiting = self.store.runs().runs(filter, page).await?.items;
        let foreign = waiting.iter().filter(|run| run.course == Course::Foreign).count();
        if foreign >= limit {
            return Err(RequestError::TooManyPending(most));
        }
        Ok(())
    }

    async fn forbid_foreign(
        &self,
        action: &Action,
        assessed: &Assessed,
        caller: &Caller,
    ) -> Result<RequestError, StoreError> {
        let detail = json!({
            "digest": action.digest(),
            "action": action.kind(),
            "preview": self.preview(action),
            "why": self.redacted_findings(&assessed.assessment),
        });
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::EffectForbidden,
            actor: Actor::Principal(caller.principal.clone()),
            subject: TOOL.to_owned(),
            session: None,
            detail: detail.as_object().cloned().unwrap_or_default(),
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await?;
        let why = self.redactor.redact(&reasons(&assessed.assessment)).into_owned();
        Ok(RequestError::ForbiddenByPolicy(why))
    }

    /// Everything that becomes durable with the question.
    async fn foreign_work(
        &self,
        request: ForeignRequest,
        assessed: &Assessed,
        caller: &Caller,
    ) -> Result<(Approval, UnitOfWork), RequestError> {
        let now = self.clock.now();
        let ForeignRequest { action, title, metadata, timeout, approvers, callback_url } = request;
        let title = title.map(|title| one_line(&self.redactor.redact(&title), LONGEST_TITLE));
        let run = self.foreign_run(metadata, caller, now);
        let said = match &title {
            Some(title) => title.clone(),
            None => self.preview(&action),
        };
        let call = self.foreign_call(&run);
        let mut approval = self.open_approval(&run, &call, &action, assessed).await?;
        if !approvers.is_empty() && approvers.len() < usize::try_from(approval.needed).unwrap_or(0)
        {
            let (needed, named) = (approval.needed, approvers.len());
            return Err(RequestError::TooFewApprovers { needed, named });
        }
        // A standing rule would be one for the agent here as well.
        approval.offer = Offer { choices: vec![Choice::Once, Choice::Deny], covers: None };
        approval.start_within = self.guard.outbound().token_ttl;
        approval.expires_at = sooner(approval.expires_at, timeout.map(|span| now.after(span)));
        let in_time = |at: &Timestamp| approval.expires_at.is_none_or(|end| *at < end);
        approval.remind_at = approval.remind_at.filter(in_time);
        let callback = callback_url.map(Callback::new);
        approval.foreign = Some(Foreign { title, approvers, callback });
        let state = ToolCallState::AwaitingApproval { approval_id: approval.id };
        let call = ToolCall { state, ..call };
        let work = self.record_foreign(run, call, said, &approval);
        Ok((approval, work))
    }

    fn record_foreign(
        &self,
        run: Run,
        call: ToolCall,
        said: String,
        approval: &Approval,
    ) -> UnitOfWork {
        let (now, session_id, run_id) = (run.created_at, run.session_id, run.id);
        let model = String::new();
        let created_by = run.requested_by.clone();
        let session = Session { id: session_id, created_by, created_at: now, title: None };
        let actor = Actor::Principal(run.requested_by.clone());
        let asks = self.asking(vec![call.call.clone()]);
        let mut work = UnitOfWork::new()
            .and(Change::AddSession(session))
            .and(self.audit_run(&run, AuditKind::RunStarted, actor))
            .and(Change::AddRun(Box::new(run)))
            .and(event(run_id, now, Event::RunStarted { session_id, model }))
            .and(event(run_id, now, started(&call, self.preview(&approval.action))));
        for (position, body) in (0..).zip([EntryBody::User { text: said }, asks]) {
            let entry = Entry { session_id, run_id, position, at: now, body };
            work.push(Change::AddEntry(Box::new(entry)));
        }
        work.push(Change::AddCall(Box::new(call)));
        self.add_approval(approval, &mut work);
        work
    }

    fn foreign_run(&self, metadata: Map<String, Value>, caller: &Caller, now: Timestamp) -> Run {
        Run {
            id: RunId::from_uuid(self.entropy.uuid()),
            session_id: SessionId::from_uuid(self.entropy.uuid()),
            requested_by: caller.principal.clone(),
            instructions: None,
            model: None,
            metadata,
            created_at: now,
            updated_at: now,
            state: RunState::WaitingForApproval,
            entries: 2,
            steps: 0,
            active_ms: 0,
            usage: Usage::default(),
            spent: Vec::new(),
            steered: Vec::new(),
            without: Vec::new(),
            course: Course::Foreign,
            third_party: None,
            response: None,
        }
    }

    fn foreign_call(&self, run: &Run) -> ToolCall {
        let id = CallId::from_uuid(self.entropy.uuid());
        let (provider_id, arguments) = (format!("own_{id}"), "{}".to_owned());
        let call = ProposedCall { id, provider_id, tool: TOOL.to_owned(), arguments };
        let state = ToolCallState::Proposed;
        ToolCall { call, run_id: run.id, entry: 1, index: 0, state }
    }

    async fn asked_before(
        &self,
        caller: &Caller,
        idempotency: Option<&Idempotency>,
    ) -> Result<Option<ApprovalView>, RequestError> {
        let id = match self.recall(caller, idempotency).await? {
            Recalled::New => return Ok(None),
            Recalled::Other => return Err(RequestError::IdempotencyConflict),
            Recalled::Known(id) => id.parse::<ApprovalId>().map_err(|error| unreadable(&error))?,
        };
        let approval = self.stored_approval(id).await?.value;
        let mut view = self.approval_view(&approval);
        view.grant = self.grant_for_requester(&approval).await?;
        Ok(Some(view))
    }
}

fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}
