//! Units of work: what is to become durable together.

use countersign_domain::approvals::{Approval, Rule};
use countersign_domain::audit::AuditRecord;
use countersign_domain::chat::{
    ChatRun, Conversation, Delivery, Note, OwedCard, Pairing, PostedCard, Unasked,
};
use countersign_domain::digest::Digest;
use countersign_domain::grants::Use;
use countersign_domain::ids::{
    ApprovalId, CallId, GrantId, KeyId, NodeId, PairingId, RuleId, RunId, SaidId, SessionId,
    WebSessionId,
};
use countersign_domain::nodes::{LeaseName, Node};
use countersign_domain::runs::{Entry, Event, Run, Session, ToolCall};
use countersign_domain::service_conversations::{Counted, Said, ServiceChat, ServiceChatId};
use countersign_domain::time::Timestamp;

use super::{ApiKey, IdempotentAnswer, IssuedGrant, OutboxEntry, SignInLink, WebSession};

/// How often a value has been written. The first version is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

/// A value as read, with the version to name when changing it.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// Its version.
    pub version: Version,
}

/// Changes that become durable together or not at all, applied in order.
#[derive(Debug, Default)]
pub struct UnitOfWork {
    /// The changes.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug)]
pub enum Change {
    /// A new session, unless it exists.
    AddSession(Session),
    /// A session's new value. Missing if it does not exist.
    PutSession(Session),
    /// A new run.
    AddRun(Box<Run>),
    /// A run's new value, if it still has this version.
    UpdateRun(Box<Run>, Version),
    /// A new entry of a conversation.
    AddEntry(Box<Entry>),
    /// A new tool call.
    AddCall(Box<ToolCall>),
    /// A tool call's new value, if it still has this version.
    UpdateCall(Box<ToolCall>, Version),
    /// A new approval.
    AddApproval(Box<Approval>),
    /// An approval's new value, if it still has this version.
    UpdateApproval(Box<Approval>, Version),
    /// Changes nothing; fails unless the run still has this version.
    ExpectRun(RunId, Version),
    /// Changes nothing; fails unless the approval still has this version.
    ExpectApproval(ApprovalId, Version),
    /// Changes nothing; fails unless the tool call still has this version.
    ExpectCall(CallId, Version),
    /// A grant was issued. It is good for one use.
    AddGrant(IssuedGrant),
    /// A grant is used up. A conflict if it was used or revoked before or its time is over,
    /// missing if it was never issued.
    UseGrant(Use),
    /// A grant that was not used is good for nothing any more. A conflict if it was used.
    RevokeGrant(GrantId, Timestamp),
    /// Something is about to leave the house. A conflict if its grant has sent something before or
    /// one of its destinations is at its limit.
    AddToOutbox(Box<OutboxEntry>),
    /// A new rule.
    AddRule(Box<Rule>),
    /// A rule let an action run: counts it. A conflict if the rule was revoked meanwhile.
    UseRule(RuleId, Timestamp),
    /// A rule is taken back. Missing if it does not exist.
    RemoveRule(RuleId),
    /// Something happened in a run. The store numbers it: one more than the run's last event, and
    /// above every event before.
    AddEvent {
        /// The run.
        run_id: RunId,
        /// When.
        at: Timestamp,
        /// What.
        event: Event,
    },
    /// A line of the audit log. The store numbers it without gaps and chains it to the line before.
    AddAudit(Box<AuditRecord>),
    /// Changes nothing; fails with [`super::StoreError::Expelled`] unless the node is among the
    /// living. The fencing token of everything that a node writes.
    ExpectNode(NodeId),
    /// A node joins.
    AddNode(Box<Node>),
    /// A node's new value. Expelled if it is not among the living.
    UpdateNode(Box<Node>),
    /// A node lives: its beat grows by one. Expelled if it is not among the living.
    Beat(NodeId),
    /// A node is gone, and its leases with it. Missing if it went before.
    RemoveNode(NodeId),
    /// The same for a node that has been silent; a conflict if its beat is another by now.
    BuryNode(NodeId, u64),
    /// Work is taken by a node, also if it has it already. A conflict if another node holds it,
    /// expelled if the node is not among the living.
    TakeLease(LeaseName, NodeId),
    /// Work is let go, if this node holds it.
    DropLease(LeaseName, NodeId),
    /// A new API key; its name is taken by no living key.
    AddKey(ApiKey),
    /// An API key is taken back.
    RevokeKey(KeyId, Timestamp),
    /// A key has opened something then. An earlier time changes nothing, nor does any of a key that
    /// was taken back.
    UseKey(KeyId, Timestamp),
    /// A new one-time link.
    AddSignInLink(SignInLink),
    /// A one-time link is used up: it exists and runs out after the given time.
    UseSignInLink(Digest, Timestamp),
    /// Somebody signed in.
    AddWebSession(WebSession),
    /// Somebody signed out.
    RemoveWebSession(WebSessionId),
    /// An answer to be given again to the same request.
    Remember(IdempotentAnswer),
    /// A message that a platform has brought. A conflict if it was brought before.
    AddDelivery(Box<Delivery>),
    /// A new conversation on a platform.
    AddConversation(Box<Conversation>),
    /// A conversation's new value, if it still has this version.
    UpdateConversation(Box<Conversation>, Version),
    /// A run whose end is to be told in a chat.
    AddChatRun(Box<ChatRun>),
    /// Its end was told.
    RemoveChatRun(RunId),
    /// A card is about to be put into a chat.
    AddCard(Box<PostedCard>),
    /// A card's new value, if it still has this version.
    UpdateCard(Box<PostedCard>, Version),
    /// A card that the approvers' channel is owed from now on.
    AddOwedCard(Box<OwedCard>),
    /// It is owed no more.
    RemoveOwedCard(ApprovalId),
    /// Somebody who asks to be heard, in place of what was known of them. Who was let in is not
    /// made one who asks: that is a conflict.
    PutPairing(Box<Pairing>),
    /// Nobody is heard for it any more.
    RemovePairing(PairingId),
    /// For how long nobody is asked in a session.
    PutUnasked(Box<Unasked>),
    /// What an adapter remembers, in place of what it remembered under that name.
    PutNote(Box<Note>),
    /// A service chat of which nothing was known.
    AddServiceChat(Box<ServiceChat>),
    /// A service chat's new value, if it still has this version.
    UpdateServiceChat(Box<ServiceChat>, Version),
    /// Changes nothing; fails unless the service chat still has this version.
    ExpectServiceChat(ServiceChatId, Version),
    /// A chat in this version turned out to be another one: what was counted and said in it belongs
    /// to that.
    MergeServiceChat(ServiceChatId, Version, ServiceChatId),
    /// A LID and the number that the platform says belongs to it, in place of what was known.
    LearnAlias(ServiceChatId, ServiceChatId),
    /// One more that counts. A conflict if its window is full, or if it was counted before.
    CountInService(Box<Counted>),
    /// A message in the thread of a service chat.
    AddSaid(Box<Said>),
    /// A chat that nobody has listed is forgotten, if it still has this version, with the LIDs that
    /// belong to it.
    RemoveStranger(ServiceChatId, Version),
    /// The oldest messages of all threads before this one are removed, at most so many.
    ForgetSaid(SaidId, u32),
    /// Remembered deliveries, answers, links, sign-ins and rules that ran out before this are removed.
    Forget(Timestamp),
    /// The events of a run that is over are removed. A conflict if it is not over.
    RemoveEvents(RunId),
    /// A run that is over is removed with its events, entries, calls and approvals. What the audit
    /// log says of it stays. A conflict if it is not over.
    RemoveRun(RunId),
    /// The oldest sends before then are forgotten, at most so many.
    ForgetSends(Timestamp, u32),
    /// A session without runs is removed. A conflict if it has some.
    RemoveSession(SessionId),
}

impl UnitOfWork {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { changes: Vec::new() }
    }

    /// The same and one more change.
    #[must_use]
    pub fn and(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Adds one change.
    pub fn push(&mut self, change: Change) {
        self.changes.push(change);
    }
}
