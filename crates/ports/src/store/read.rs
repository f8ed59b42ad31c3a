//! What can be read from a store. Absence is `None` or an empty list, never an error.

use async_trait::async_trait;
use countersign_domain::action::ActionKind;
use countersign_domain::approvals::{Approval, Rule, Status};
use countersign_domain::audit::{AuditKind, Head, SealedRecord};
use countersign_domain::chat::{
    Address, ChatRun, Conversation, Delivery, Note, OwedCard, Pairing, PersonId, PlatformName,
    PostedCard, SessionKey, Unasked,
};
use countersign_domain::digest::Digest;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{ApprovalId, CallId, CardId, GrantId, RuleId, RunId, SessionId};
use countersign_domain::runs::{Entry, EventRecord, Run, RunStatus, Session, Stream, ToolCall};
use countersign_domain::time::Timestamp;

use super::{ApiKey, IdempotentAnswer, IssuedGrant, Sent, StoreError, Versioned, WebSession};

/// Which part of a long list is wanted; lists are newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<Id> {
    /// Only what is older than this one; `None` for the newest.
    pub before: Option<Id>,
    /// At most so many.
    pub limit: usize,
}

/// A part of a long list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, Id> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Where the next part begins; `None` at the end.
    pub next: Option<Id>,
}

/// Which runs are wanted; a `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this session.
    pub session_id: Option<SessionId>,
    /// In this state.
    pub status: Option<RunStatus>,
    /// Started by this principal.
    pub requested_by: Option<Principal>,
}

/// Which approvals are wanted; a `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalFilter {
    /// In this state.
    pub status: Option<Status>,
    /// Of this session.
    pub session_id: Option<SessionId>,
    /// Of this run.
    pub run_id: Option<RunId>,
    /// About this kind of action.
    pub kind: Option<ActionKind>,
}

/// Which lines of the audit log are wanted; a `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this kind.
    pub kind: Option<AuditKind>,
    /// About this.
    pub subject: Option<String>,
    /// By this one.
    pub actor: Option<Actor>,
    /// Made then or later.
    pub since: Option<Timestamp>,
    /// Made before then.
    pub until: Option<Timestamp>,
}

/// What the driver of a run goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// The run.
    pub run: Versioned<Run>,
    /// The last entries that older runs added to its session, oldest first: by run, then position.
    pub earlier: Vec<Entry>,
    /// The entries that the run added, oldest first.
    pub entries: Vec<Entry>,
    /// The run's tool calls, by entry and index.
    pub calls: Vec<Versioned<ToolCall>>,
}

/// Runs, sessions and their journals.
#[async_trait]
pub trait RunReads: Send + Sync {
    /// One run.
    async fn run(&self, id: RunId) -> Result<Option<Versioned<Run>>, StoreError>;

    /// Runs, newest first.
    async fn runs(
        &self,
        filter: RunFilter,
        page: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, StoreError>;

    /// Every run that is not over, oldest first.
    async fn unfinished(&self) -> Result<Vec<Run>, StoreError>;

    /// The oldest run of a session that is not over.
    async fn active_in(&self, session: SessionId) -> Result<Option<RunId>, StoreError>;

    /// How many runs are at work: running, stopping, or queued with no older run of their session
    /// before them.
    async fn working(&self) -> Result<u64, StoreError>;

    /// One session.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Sessions, newest first.
    async fn sessions(
        &self,
        page: PageRequest<SessionId>,
    ) -> Result<Page<Session, SessionId>, StoreError>;

    /// The entries that one run added, oldest first.
    async fn entries_of_run(&self, run: RunId) -> Result<Vec<Entry>, StoreError>;

    /// The tool calls of a run, by entry and index.
    async fn calls(&self, run: RunId) -> Result<Vec<Versioned<ToolCall>>, StoreError>;

    /// What the driver of a run goes by, in one go; of what older runs added to its session the last
    /// `limit` entries.
    async fn journal(&self, run: RunId, limit: usize) -> Result<Option<Journal>, StoreError>;

    /// One tool call.
    async fn call(&self, id: CallId) -> Result<Option<Versioned<ToolCall>>, StoreError>;
}

/// Approvals and rules.
#[async_trait]
pub trait ApprovalReads: Send + Sync {
    /// One approval.
    async fn approval(&self, id: ApprovalId) -> Result<Option<Versioned<Approval>>, StoreError>;

    /// Approvals, newest first.
    async fn approvals(
        &self,
        filter: ApprovalFilter,
        page: PageRequest<ApprovalId>,
    ) -> Result<Page<Approval, ApprovalId>, StoreError>;

    /// The approvals of a run in these states, oldest first.
    async fn of_run(
        &self,
        run: RunId,
        status: Status,
    ) -> Result<Vec<Versioned<Approval>>, StoreError>;

    /// How many approvals are pending.
    async fn pending(&self) -> Result<u64, StoreError>;

    /// How many approvals of a session are pending.
    async fn pending_in(&self, session: SessionId) -> Result<u64, StoreError>;

    /// The youngest pending approval of a session that asks for exactly this.
    async fn pending_like(
        &self,
        session: SessionId,
        digest: Digest,
    ) -> Result<Option<Versioned<Approval>>, StoreError>;

    /// Approvals whose next deadline is at or before `now`, most overdue first.
    async fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Versioned<Approval>>, StoreError>;

    /// The earliest next deadline of all approvals.
    async fn next_deadline(&self) -> Result<Option<Timestamp>, StoreError>;

    /// The rules in force in a session: its own and the persistent ones, oldest first.
    async fn rules_for(&self, session: SessionId, now: Timestamp) -> Result<Vec<Rule>, StoreError>;

    /// Every rule that has not run out, newest first.
    async fn rules(&self, now: Timestamp) -> Result<Vec<Rule>, StoreError>;

    /// One grant, whether or not it is still good.
    async fn grant(&self, id: GrantId) -> Result<Option<IssuedGrant>, StoreError>;

    /// How many sends went to `destination` after `since`.
    async fn sent_since(&self, destination: &str, since: Timestamp) -> Result<u64, StoreError>;

    /// What a tool call has sent, or may have.
    async fn send_of(&self, call: CallId) -> Result<Option<Sent>, StoreError>;

    /// One rule.
    async fn rule(&self, id: RuleId) -> Result<Option<Rule>, StoreError>;
}

/// Events.
#[async_trait]
pub trait EventReads: Send + Sync {
    /// Events of a stream numbered above `after`, in order, at most `limit`.
    async fn after(
        &self,
        stream: Stream,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventRecord>, StoreError>;

    /// The last event of a stream.
    async fn last(&self, stream: Stream) -> Result<Option<EventRecord>, StoreError>;
}

/// Keys, sign-ins, remembered answers and the audit log.
#[async_trait]
pub trait AccessReads: Send + Sync {
    /// The key with this secret, whether or not it is still good.
    async fn key_by_secret(&self, secret: Digest) -> Result<Option<ApiKey>, StoreError>;

    /// Every key, newest first.
    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError>;

    /// The sign-in with this cookie, whether or not it is still good.
    async fn web_session(&self, token: Digest) -> Result<Option<WebSession>, StoreError>;

    /// What was answered to this caller under this key, whether or not it has run out.
    async fn remembered(
        &self,
        caller: &Principal,
        key: &str,
    ) -> Result<Option<IdempotentAnswer>, StoreError>;

    /// Lines of the audit log numbered above `after`, in order.
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<SealedRecord>, StoreError>;
}

/// The audit log, searched.
#[async_trait]
pub trait AuditReads: Send + Sync {
    /// Lines, newest first.
    async fn page(
        &self,
        filter: AuditFilter,
        page: PageRequest<u64>,
    ) -> Result<Page<SealedRecord, u64>, StoreError>;

    /// Lines numbered above `after`, oldest first, at most `limit`.
    async fn following(
        &self,
        filter: AuditFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<SealedRecord>, StoreError>;

    /// The last line's number and hash.
    async fn head(&self) -> Result<Head, StoreError>;

    /// The hashes of the lines numbered above `after`, in order, at most `limit`.
    async fn hashes(&self, after: u64, limit: u64) -> Result<Vec<Digest>, StoreError>;
}

/// How things stand where somebody says something.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The conversation, if anything was said in it.
    pub conversation: Option<Versioned<Conversation>>,
    /// The oldest run of its session that is not over.
    pub active: Option<RunId>,
    /// How many runs are at work everywhere; only where none is active here.
    pub working: Option<u64>,
}

/// Conversations on platforms.
#[async_trait]
pub trait ChatReads: Send + Sync {
    /// Whether something was taken under the id of this delivery.
    async fn is_taken(&self, delivery: &Delivery) -> Result<bool, StoreError>;

    /// The conversation under a key.
    async fn conversation(
        &self,
        key: &SessionKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError>;

    /// How things stand in the conversation under a key, with `session` as its session if one is
    /// given: in one visit, because it is asked for everything that is said.
    async fn standing(
        &self,
        key: &SessionKey,
        session: Option<SessionId>,
    ) -> Result<Standing, StoreError>;

    /// The runs of a session whose end is still to be told, oldest first.
    async fn chat_runs(&self, session: SessionId) -> Result<Vec<ChatRun>, StoreError>;

    /// Every session with such runs.
    async fn owed_sessions(&self) -> Result<Vec<SessionId>, StoreError>;

    /// One card.
    async fn card(&self, id: CardId) -> Result<Option<Versioned<PostedCard>>, StoreError>;

    /// The cards of a run, oldest first.
    async fn cards_of_run(&self, run: RunId) -> Result<Vec<Versioned<PostedCard>>, StoreError>;

    /// The cards at an address whose approval is pending, oldest first.
    async fn open_cards_at(&self, address: &Address) -> Result<Vec<PostedCard>, StoreError>;

    /// Every card that the approvers' channel is owed, oldest first.
    async fn owed_cards(&self) -> Result<Vec<OwedCard>, StoreError>;

    /// The cards of the newest approvals at an address, whatever became of them, newest first.
    async fn last_cards_at(
        &self,
        address: &Address,
        most: usize,
    ) -> Result<Vec<PostedCard>, StoreError>;

    /// What is known of somebody who is on no list.
    async fn pairing(
        &self,
        platform: &PlatformName,
        person: &PersonId,
    ) -> Result<Option<Pairing>, StoreError>;

    /// Everybody of whom anything is known, oldest first.
    async fn pairings(&self) -> Result<Vec<Pairing>, StoreError>;

    /// For how long nobody is asked in a session, if that was ever said.
    async fn unasked(&self, session: SessionId) -> Result<Option<Unasked>, StoreError>;

    /// What an adapter remembers under the key of [`Note::key`].
    async fn note(&self, key: &str) -> Result<Option<Note>, StoreError>;
}
