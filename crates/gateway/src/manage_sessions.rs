//! Sessions: listing, reading, naming, deleting them, and going on from one in a copy.

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::display::one_line;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{CallId, MessageId, RunId, SessionId};
use countersign_domain::runs::{
    Course, Entry, EntryBody, Run, RunState, Session, ToolCallState, Usage,
};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    Change, Conflicting, Page, PageRequest, RunFilter, StoreError, UnitOfWork,
};
use serde_json::{Map, Value, json};

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;
use crate::remember::{Recalled, remembering, unreadable};
use crate::start_run::Idempotency;

/// How many runs or sessions are looked at in one go.
const PART: usize = 100;

/// How many sessions of others are passed over before a list says where to go on.
const MOST_PASSED: usize = 2000;

/// The most messages that a copy holds: the last ones.
const MOST_COPIED: usize = 1000;

/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// One message of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionMessage {
    /// The run that it belongs to.
    pub run_id: RunId,
    /// When it was said.
    pub at: Timestamp,
    /// `system`, `user`, `assistant` or `third_party`.
    pub role: &'static str,
    /// What was said.
    pub text: String,
    /// The tools that were called with it.
    pub calls: Vec<MessageCall>,
}

/// One tool call of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageCall {
    /// The call.
    pub call_id: CallId,
    /// The tool.
    pub tool: String,
    /// What came of it; nothing while it is not done.
    pub status: Option<&'static str>,
    /// What the model was told of it.
    pub output: Option<String>,
}

/// Why something is not done with a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No such session, or the caller may not see it.
    #[error("there is no session `{0}`")]
    NoSession(SessionId),
    /// The title is too long.
    #[error("the title has {0} characters; at most {LONGEST_TITLE} are taken")]
    TitleTooLong(usize),
    /// One of its runs is not over.
    #[error("{0} is not over: stop it first")]
    AtWork(RunId),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for a different request")]
    IdempotencyConflict,
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Sessions, newest first: the caller's own, or all for an admin.
    pub async fn list_sessions(
        &self,
        page: PageRequest<SessionId>,
        caller: &Caller,
    ) -> Result<Page<Session, SessionId>, SessionError> {
        caller.require(Scope::Runs)?;
        let PageRequest { mut before, limit } = page;
        let mut items = Vec::new();
        for _ in 0..MOST_PASSED / PART {
            let request = PageRequest { before, limit: PART };
            let part = self.store.runs().sessions(request).await?;
            for session in part.items {
                if items.len() == limit {
                    return Ok(Page { items, next: before });
                }
                before = Some(session.id);
                if may_see(&session, caller) {
                    items.push(session);
                }
            }
            if part.next.is_none() {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: before })
    }

    /// One session.
    pub async fn session(&self, id: SessionId, caller: &Caller) -> Result<Session, SessionError> {
        let found = self.store.runs().session(id).await?;
        let found = found.filter(|session| may_see(session, caller));
        found.ok_or(SessionError::NoSession(id))
    }

    /// Gives a session a title, or none.
    pub async fn name_session(
        &self,
        id: SessionId,
        title: Option<String>,
        caller: &Caller,
    ) -> Result<Session, SessionError> {
        let length = title.as_deref().map_or(0, |title| title.chars().count());
        if length > LONGEST_TITLE {
            return Err(SessionError::TitleTooLong(length));
        }
        let session = self.session(id, caller).await?;
        let title = title.map(|title| one_line(&self.redactor.redact(&title), LONGEST_TITLE));
        let next = Session { title: title.filter(|title| !title.is_empty()), ..session };
        self.commit(UnitOfWork::new().and(Change::PutSession(next.clone()))).await?;
        Ok(next)
    }

    /// What was said in a session in the runs before `before`, the last `limit` of them; oldest first.
    pub async fn session_messages(
        &self,
        id: SessionId,
        page: PageRequest<RunId>,
        caller: &Caller,
    ) -> Result<Page<SessionMessage, RunId>, SessionError> {
        self.session(id, caller).await?;
        let filter = RunFilter { session_id: Some(id), ..RunFilter::default() };
        let Page { items: mut runs, next } = self.store.runs().runs(filter, page).await?;
        runs.reverse();
        let mut items = Vec::new();
        for run in runs {
            items.extend(self.messages_of(run.id).await?);
        }
        Ok(Page { items, next })
    }

    async fn messages_of(&self, run: RunId) -> Result<Vec<SessionMessage>, StoreError> {
        let calls = self.store.runs().calls(run).await?;
        let shown = |text: &str| self.redactor.redact(text).into_owned();
        let of = |position: u32| {
            let of = calls.iter().map(|call| &call.value).filter(|call| call.entry == position);
            let told = of.map(|call| {
                let result = match &call.state {
                    ToolCallState::Done { result } => Some(result),
                    ToolCallState::Proposed
                    | ToolCallState::AwaitingApproval { .. }
                    | ToolCallState::AwaitingAnswer { .. }
                    | ToolCallState::Started { .. } => None,
                };
                MessageCall {
                    call_id: call.call.id,
                    tool: call.call.tool.clone(),
                    status: result.map(|result| result.status.as_str()),
                    output: result.map(|result| shown(&result.content)),
                }
            });
            told.collect()
        };
        let entries = self.store.runs().entries_of_run(run).await?;
        let message = |entry: Entry| {
            let (role, text) = said(&entry.body);
            let calls = of(entry.position);
            SessionMessage { run_id: run, at: entry.at, role, text: shown(&text), calls }
        };
        Ok(entries.into_iter().map(message).collect())
    }

    /// Removes a session with all its runs. The audit log stays.
    pub async fn delete_session(&self, id: SessionId, caller: &Caller) -> Result<(), SessionError> {
        self.session(id, caller).await?;
        if let Some(run) = self.store.runs().active_in(id).await? {
            return Err(SessionError::AtWork(run));
        }
        let filter = RunFilter { session_id: Some(id), ..RunFilter::default() };
        let mut removed = 0;
        loop {
            let page = PageRequest { before: None, limit: PART };
            let runs = self.store.runs().runs(filter.clone(), page).await?.items;
            removed += runs.len();
            let mut work = UnitOfWork::new();
            work.changes.extend(runs.iter().map(|run| Change::RemoveRun(run.id)));
            if runs.len() < PART {
                work.push(Change::RemoveSession(id));
                let detail = json!({ "runs": removed });
                work.push(self.session_record(AuditKind::SessionDeleted, id, caller, &detail));
            }
            match self.commit(work).await {
                // A run has begun in it meanwhile.
                Err(StoreError::Conflict(_)) => {
                    let active = self.store.runs().active_in(id).await?;
                    return Err(active.map_or(SessionError::NoSession(id), SessionError::AtWork));
                }
                Err(StoreError::Missing(_)) => return Err(SessionError::NoSession(id)),
                committed => committed?,
            };
            if runs.len() < PART {
                return Ok(());
            }
        }
    }

    /// A new session in which the same was said. What tools did in the old one is not in it.
    pub async fn fork_session(
        &self,
        id: SessionId,
        caller: &Caller,
        idempotency: Option<Idempotency>,
    ) -> Result<Session, SessionError> {
        caller.require(Scope::Runs)?;
        if let Some(known) = self.forked_before(caller, idempotency.as_ref()).await? {
            return Ok(known);
        }
        let from = self.session(id, caller).await?;
        let now = self.clock.now();
        let session = Session {
            id: SessionId::from_uuid(self.entropy.uuid()),
            created_by: caller.principal.clone(),
            created_at: now,
            title: from.title,
        };
        let entries = self.texts_of(id).await?;
        let run = self.copied_run(&session, entries.len());
        let detail = json!({ "from": id, "messages": entries.len() });
        let record = self.session_record(AuditKind::SessionForked, session.id, caller, &detail);
        let mut work = UnitOfWork::new().and(Change::AddSession(session.clone())).and(record);
        let (session_id, run_id) = (session.id, run.id);
        if !entries.is_empty() {
            work.push(Change::AddRun(Box::new(run)));
        }
        work.changes.extend((0..).zip(entries).map(|(position, body)| {
            Change::AddEntry(Box::new(Entry { session_id, run_id, position, at: now, body }))
        }));
        if let Some(idempotency) = &idempotency {
            work.push(remembering(caller, idempotency, session_id.to_string(), now));
        }
        match self.commit(work).await {
            Ok(_) => Ok(session),
            // The same request came twice at one time, and the other one was first.
            Err(StoreError::Conflict(Conflicting::IdempotencyKey(_))) => self
                .forked_before(caller, idempotency.as_ref())
                .await?
                .ok_or(SessionError::IdempotencyConflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn forked_before(
        &self,
        caller: &Caller,
        idempotency: Option<&Idempotency>,
    ) -> Result<Option<Session>, SessionError> {
        match self.recall(caller, idempotency).await? {
            Recalled::New => Ok(None),
            Recalled::Other => Err(SessionError::IdempotencyConflict),
            Recalled::Known(id) => {
                let id = id.parse::<SessionId>().map_err(|error| unreadable(&error))?;
                self.session(id, caller).await.map(Some)
            }
        }
    }

    /// What was said in a session, without calls; the last of it, oldest first.
    async fn texts_of(&self, id: SessionId) -> Result<Vec<EntryBody>, StoreError> {
        let filter = RunFilter { session_id: Some(id), ..RunFilter::default() };
        let (mut before, mut texts) = (None, Vec::new());
        loop {
            let page = PageRequest { before, limit: PART };
            let Page { items, next } = self.store.runs().runs(filter.clone(), page).await?;
            for run in items {
                let entries = self.store.runs().entries_of_run(run.id).await?;
                let bodies = entries.into_iter().rev().filter_map(|entry| self.copied(entry.body));
                texts.extend(bodies);
                if texts.len() >= MOST_COPIED {
                    texts.truncate(MOST_COPIED);
                    texts.reverse();
                    return Ok(texts);
                }
            }
            if next.is_none() {
                texts.reverse();
                return Ok(texts);
            }
            before = next;
        }
    }

    fn copied(&self, body: EntryBody) -> Option<EntryBody> {
        match body {
            EntryBody::Assistant { text, .. } if text.is_empty() => None,
            EntryBody::Assistant { text, .. } => {
                let message_id = MessageId::from_uuid(self.entropy.uuid());
                Some(EntryBody::Assistant { message_id, text, calls: Vec::new(), thinking: None })
            }
            EntryBody::System { .. } | EntryBody::User { .. } | EntryBody::ThirdParty { .. } => {
                Some(body)
            }
        }
    }

    /// The run that holds what was copied. It is over: nothing was done in it.
    fn copied_run(&self, session: &Session, entries: usize) -> Run {
        Run {
            id: RunId::from_uuid(self.entropy.uuid()),
            session_id: session.id,
            requested_by: session.created_by.clone(),
            instructions: None,
            model: None,
            metadata: Map::new(),
            created_at: session.created_at,
            updated_at: session.created_at,
            state: RunState::Completed { output: String::new() },
            entries: u32::try_from(entries).unwrap_or(u32::MAX),
            steps: 0,
            active_ms: 0,
            usage: Usage::default(),
            spent: Vec::new(),
            steered: Vec::new(),
            without: Vec::new(),
            course: Course::default(),
            third_party: None,
            response: None,
        }
    }

    fn session_record(
        &self,
        kind: AuditKind,
        id: SessionId,
        caller: &Caller,
        detail: &Value,
    ) -> Change {
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::Principal(caller.principal.clone()),
            subject: id.to_string(),
            session: Some(id),
            detail: detail.as_object().cloned().unwrap_or_default(),
        }))
    }
}

fn may_see(session: &Session, caller: &Caller) -> bool {
    caller.may(Scope::Admin) || (caller.may(Scope::Runs) && session.created_by == caller.principal)
}

/// Who said an entry, and what.
fn said(body: &EntryBody) -> (&'static str, String) {
    match body {
        EntryBody::System { text } => ("system", text.clone()),
        EntryBody::User { text } => ("user", text.clone()),
        EntryBody::ThirdParty { from, text, .. } => {
            ("third_party", format!("{from} wrote: {text}"))
        }
        EntryBody::Assistant { text, .. } => ("assistant", text.clone()),
    }
}
