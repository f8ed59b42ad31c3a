//! Accepting a run.

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{CallId, MessageId, RunId, SessionId};
use countersign_domain::runs::{
    AsResponse, Course, Entry, EntryBody, ProposedCall, Run, RunState, Session, ThirdParty,
    ToolCall, ToolCallState, Usage,
};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, Conflicting, IdempotentAnswer, StoreError, UnitOfWork};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;
use crate::remember::REMEMBERED_FOR;

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct StartRun {
    /// The conversation to add; the last message is what the agent answers.
    pub input: Vec<(Role, String)>,
    /// The session to go on in; `None` for a new one.
    pub session_id: Option<SessionId>,
    /// A run whose session is meant.
    pub previous_run: Option<RunId>,
    /// Instructions for this run.
    pub instructions: Option<String>,
    /// The model; `None` for the configured one.
    pub model: Option<String>,
    /// What was said before, elsewhere.
    pub history: Vec<(Role, String)>,
    /// What the caller attaches.
    pub metadata: Map<String, Value>,
    /// Earlier runs of the session that its model does not see.
    pub without: Vec<RunId>,
    /// What is called at once, by tool and arguments; with any, no model takes part.
    pub calls: Vec<(&'static str, Value)>,
    /// What a third party said, if that is what begins the run.
    pub heard: Option<HeardFrom>,
    /// What it is as a response, if it is asked for as one; what it is given is counted here.
    pub response: Option<AsResponse>,
}

/// What a third party said in a service chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardFrom {
    /// In which chat, and what its turn is given.
    pub who: ThirdParty,
    /// Who, as people know them.
    pub from: String,
    /// An unguessable mark.
    pub mark: String,
    /// What.
    pub text: String,
}

impl HeardFrom {
    fn entry(self) -> EntryBody {
        let Self { from, mark, text, .. } = self;
        EntryBody::ThirdParty { from, mark, text }
    }
}

/// Who said a message that a caller gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// The idempotency key of a request, and what was asked under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// Digest of method, path and body.
    pub request: Digest,
}

/// An accepted run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run.
    pub run_id: RunId,
    /// Its session.
    pub session_id: SessionId,
}

/// Why a run is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum StartRunError {
    /// There is nothing to answer.
    #[error("the input is empty: give a text, or messages of which the last is the user's")]
    EmptyInput,
    /// No such session, or the caller may not see it.
    #[error("there is no session `{0}`")]
    NoSession(SessionId),
    /// No such run, or the caller may not see it.
    #[error("there is no run `{0}`")]
    NoRun(RunId),
    /// The caller may not start runs.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Too many runs are at work.
    #[error("{limit} runs are at work, which is the most at one time")]
    Busy {
        /// The limit.
        limit: u64,
    },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for a different request")]
    IdempotencyConflict,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Accepts a run: when this returns, it is on stable storage and will be worked on.
    pub async fn start_run(
        &self,
        request: StartRun,
        caller: &Caller,
        idempotency: Option<Idempotency>,
    ) -> Result<RunStarted, StartRunError> {
        caller.require(Scope::Runs)?;
        let ends_with_user = request
            .input
            .last()
            .is_some_and(|(role, text)| *role == Role::User && !text.trim().is_empty());
        if !ends_with_user {
            return Err(StartRunError::EmptyInput);
        }
        if let Some(known) = self.remembered(caller, idempotency.as_ref()).await? {
            return Ok(known);
        }
        let session = self.session_for(&request, caller).await?;
        let limit = self.settings.max_working_runs;
        if self.store.runs().working().await? >= limit {
            return Err(StartRunError::Busy { limit });
        }
        let now = self.clock.now();
        let started = RunStarted {
            run_id: RunId::from_uuid(self.entropy.uuid()),
            session_id: session
                .as_ref()
                .map_or_else(|| SessionId::from_uuid(self.entropy.uuid()), |existing| existing.id),
        };
        let mut work = self.new_run(request, caller, started, now);
        if let Some(idempotency) = &idempotency {
            work.push(Change::Remember(answer(caller, idempotency, started, now)));
        }
        match self.commit(work).await {
            Ok(_) => {
                self.wake(started.run_id);
                Ok(started)
            }
            // The same request came twice at one time, and the other one was first.
            Err(StoreError::Conflict(Conflicting::IdempotencyKey(_))) => self
                .remembered(caller, idempotency.as_ref())
                .await?
                .ok_or(StartRunError::IdempotencyConflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn remembered(
        &self,
        caller: &Caller,
        idempotency: Option<&Idempotency>,
    ) -> Result<Option<RunStarted>, StartRunError> {
        let Some(idempotency) = idempotency else {
            return Ok(None);
        };
        let found = self.store.access().remembered(&caller.principal, &idempotency.key).await?;
        let now = self.clock.now();
        match found.filter(|answer| now < answer.expires_at) {
            None => Ok(None),
            Some(answer) if answer.request != idempotency.request => {
                Err(StartRunError::IdempotencyConflict)
            }
            Some(answer) => serde_json::from_str(&answer.body).map(Some).map_err(|error| {
                let what = "remembered answer".to_owned();
                StoreError::Unreadable { what, message: error.to_string() }.into()
            }),
        }
    }

    async fn session_for(
        &self,
        request: &StartRun,
        caller: &Caller,
    ) -> Result<Option<Session>, StartRunError> {
        let id = match (request.session_id, request.previous_run) {
            (Some(session), _) => session,
            (None, Some(previous)) => {
                let run = self.store.runs().run(previous).await?;
                let run = run.filter(|run| caller.may_see(&run.value));
                run.ok_or(StartRunError::NoRun(previous))?.value.session_id
            }
            (None, None) => return Ok(None),
        };
        let session =
            self.store.runs().session(id).await?.filter(|session| {
                session.created_by == caller.principal || caller.may(Scope::Admin)
            });
        session.map(Some).ok_or(StartRunError::NoSession(id))
    }

    /// Everything that becomes durable with a new run.
    pub(crate) fn new_run(
        &self,
        request: StartRun,
        caller: &Caller,
        started: RunStarted,
        now: Timestamp,
    ) -> UnitOfWork {
        let RunStarted { run_id, session_id } = started;
        let given = count(request.history.len() + request.input.len());
        let bodies = request.history.into_iter().chain(request.input);
        let third_party = request.heard.as_ref().map(|heard| heard.who.clone());
        let heard = request.heard.map(HeardFrom::entry);
        let bodies = bodies.map(|(role, text)| self.spoken(role, text)).chain(heard);
        let calls: Vec<ProposedCall> =
            request.calls.iter().map(|(tool, arguments)| self.own_call(tool, arguments)).collect();
        let own = (!calls.is_empty()).then(|| self.asking(calls.clone()));
        let entries: Vec<Entry> = (0..)
            .zip(bodies.chain(own))
            .map(|(position, body)| Entry { session_id, run_id, position, at: now, body })
            .collect();
        let run = Run {
            id: run_id,
            session_id,
            requested_by: caller.principal.clone(),
            instructions: request.instructions,
            model: request.model,
            metadata: request.metadata,
            created_at: now,
            updated_at: now,
            state: RunState::Queued,
            entries: count(entries.len()),
            steps: 0,
            active_ms: 0,
            usage: Usage::default(),
            spent: Vec::new(),
            steered: Vec::new(),
            without: request.without,
            course: if request.calls.is_empty() { Course::Conversation } else { Course::Calls },
            third_party,
            response: request.response.map(|response| AsResponse { given, ..response }),
        };
        let mut work = UnitOfWork::new()
            .and(Change::AddSession(Session {
                id: session_id,
                created_by: caller.principal.clone(),
                created_at: now,
                title: None,
            }))
            .and(Change::AddRun(Box::new(run)))
            .and(Change::AddAudit(Box::new(AuditRecord {
                at: now,
                kind: AuditKind::RunStarted,
                actor: Actor::Principal(caller.principal.clone()),
                subject: run_id.to_string(),
                session: Some(session_id),
                detail: Map::new(),
            })));
        let last = count(entries.len()).saturating_sub(1);
        work.changes.extend(entries.into_iter().map(|entry| Change::AddEntry(Box::new(entry))));
        work.changes.extend((0..).zip(calls).map(|(index, call)| {
            let state = ToolCallState::Proposed;
            Change::AddCall(Box::new(ToolCall { call, run_id, entry: last, index, state }))
        }));
        work
    }

    /// A call that no model asked for.
    fn own_call(&self, tool: &str, arguments: &Value) -> ProposedCall {
        let id = CallId::from_uuid(self.entropy.uuid());
        let (provider_id, tool) = (format!("own_{id}"), tool.to_owned());
        ProposedCall { id, provider_id, tool, arguments: arguments.to_string() }
    }

    /// What asks for these calls in a model's place.
    pub(crate) fn asking(&self, calls: Vec<ProposedCall>) -> EntryBody {
        EntryBody::Assistant {
            message_id: MessageId::from_uuid(self.entropy.uuid()),
            text: String::new(),
            calls,
            thinking: None,
        }
    }

    fn spoken(&self, role: Role, text: String) -> EntryBody {
        match role {
            Role::System => EntryBody::System { text },
            Role::User => EntryBody::User { text },
            Role::Assistant => EntryBody::Assistant {
                message_id: MessageId::from_uuid(self.entropy.uuid()),
                text,
                calls: Vec::new(),
                thinking: None,
            },
        }
    }
}

fn count(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}

fn answer(
    caller: &Caller,
    idempotency: &Idempotency,
    started: RunStarted,
    now: Timestamp,
) -> IdempotentAnswer {
    IdempotentAnswer {
        caller: caller.principal.clone(),
        key: idempotency.key.clone(),
        request: idempotency.request,
        status: 202,
        body: format!(r#"{{"run_id":"{}","session_id":"{}"}}"#, started.run_id, started.session_id),
        expires_at: now.after(REMEMBERED_FOR),
    }
}
