//! One record: who did what, written in the transaction that did it.
//!
//! A record itself knows nothing of its neighbours; [`super::chain`] gives it its place.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::identity::Actor;
use crate::ids::SessionId;
use crate::time::Timestamp;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AuditKind,
    /// Who.
    pub actor: Actor,
    /// About what: the id of an approval, run, rule or key, or a config key.
    pub subject: String,
    /// In which conversation.
    pub session: Option<SessionId>,
    /// Further facts; secrets are redacted.
    pub detail: Map<String, Value>,
}

macro_rules! audit_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal),* $(,)?) => {
        /// What an audit record is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum AuditKind {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl AuditKind {
            /// Every kind, in the order of this list.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word that the log holds.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The kind that `word` stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
            }
        }
    };
}

audit_kinds! {
    /// An approval was opened.
    ApprovalRequested = "approval.requested",
    /// One more call for the same was counted on its card.
    ApprovalJoined = "approval.joined",
    /// A question was not put to people: too many wait already.
    ApprovalNotAsked = "approval.not_asked",
    /// Somebody agreed, and more must.
    ApprovalVoted = "approval.voted",
    /// The approvers' channel was asked, or could not be reached.
    ApprovalRouted = "approval.routed",
    /// A person decided.
    ApprovalDecided = "approval.decided",
    /// Somebody tried to decide and was refused.
    ApprovalRefused = "approval.refused",
    /// A person changed the content before it was decided.
    ApprovalEdited = "approval.edited",
    /// Silence ended it.
    ApprovalExpired = "approval.expired",
    /// It was no longer needed.
    ApprovalCancelled = "approval.cancelled",
    /// Its effect was claimed.
    ApprovalClaimed = "approval.claimed",
    /// Its effect ended.
    ApprovalExecuted = "approval.executed",
    /// Its effect's end is not known.
    ApprovalIndeterminate = "approval.indeterminate",
    /// Its effect never started.
    ApprovalLapsed = "approval.lapsed",
    /// A grant was issued for a decision or the use of a rule.
    GrantIssued = "grant.issued",
    /// A grant was used up.
    GrantConsumed = "grant.consumed",
    /// A grant was presented and refused.
    GrantRejected = "grant.rejected",
    /// An effect started on the guard's own word.
    EffectAllowed = "effect.allowed",
    /// An effect was forbidden.
    EffectForbidden = "effect.forbidden",
    /// An effect that was let through did not start: what it would have run had changed.
    EffectRefused = "effect.refused",
    /// Something was kept from leaving the house.
    OutboundBlocked = "outbound.blocked",
    /// Something left the house, and the remote took it.
    OutboundSent = "outbound.sent",
    /// It did not arrive, or nobody knows whether it did.
    OutboundFailed = "outbound.failed",
    /// A decision left a rule.
    RuleCreated = "rule.created",
    /// A rule let an action run.
    RuleUsed = "rule.used",
    /// A rule was taken back.
    RuleRevoked = "rule.revoked",
    /// A run started.
    RunStarted = "run.started",
    /// Somebody asked for a running run to be stopped.
    RunStopRequested = "run.stop_requested",
    /// A run is stopped because people denied the same effect too often.
    RunStoppedByDenials = "run.stopped_by_denials",
    /// A run ended.
    RunFinished = "run.finished",
    /// A run was taken up again after a restart.
    RunRecovered = "run.recovered",
    /// A key was made.
    KeyCreated = "key.created",
    /// A key was taken back.
    KeyRevoked = "key.revoked",
    /// The gateway signs with another key.
    SigningKeyRotated = "signing_key.rotated",
    /// A one-time link to the web page was made.
    SignInLinkMade = "auth.link_made",
    /// Somebody signed in to the web page.
    SignedIn = "auth.signed_in",
    /// Somebody failed to prove who they are.
    AuthFailed = "auth.failed",
    /// Somebody asked for a slash command that they may not run.
    CommandRefused = "command.denied",
    /// Somebody pretended to be a platform, or somebody else on it.
    CallbackRefused = "platform.refused",
    /// Somebody unknown was given a code, so that an admin can let them in.
    PairingAsked = "pairing.asked",
    /// Somebody was let in.
    PairingApproved = "pairing.approved",
    /// Somebody who was let in is heard no more.
    PairingRemoved = "pairing.removed",
    /// Somebody was shown a code that links an account.
    LinkCodeShown = "platform.code_shown",
    /// For a while nobody is asked in a session.
    YoloOn = "yolo.on",
    /// People are asked again.
    YoloOff = "yolo.off",
    /// A first message to a service chat was asked for.
    ServiceChatRequested = "service_chat.requested",
    /// A service chat may be written to.
    ServiceChatApproved = "service_chat.approved",
    /// A service chat answered what the user wrote by hand, and may be written to.
    ServiceChatPromoted = "service_chat.promoted",
    /// The first message to a service chat is not sent: it was denied, expired or was cancelled.
    ServiceChatClosed = "service_chat.closed",
    /// A service chat has another mode.
    ServiceChatModeChanged = "service_chat.mode_changed",
    /// Nothing goes into a service chat for now.
    ServiceChatPaused = "service_chat.paused",
    /// A service chat goes on.
    ServiceChatResumed = "service_chat.resumed",
    /// A service chat has ended.
    ServiceChatRevoked = "service_chat.revoked",
    /// A limit of service chats is reached.
    ServiceChatRateLimited = "service_chat.rate_limited",
    /// Something that a chat said was kept out.
    ServiceChatInboundBlocked = "service_chat.inbound_blocked",
    /// Somebody had the gateway restart.
    RestartRequested = "gateway.restart_requested",
    /// Records made before there was a chain were put into it.
    ChainStarted = "audit.chain_started",
    /// The gateway signed where the log stood.
    Checkpoint = "checkpoint",
    /// A node joined the others.
    NodeJoined = "node.joined",
    /// A node left.
    NodeLeft = "node.left",
    /// A node was silent for so long that another took it for dead.
    NodeBuried = "node.buried",
    /// Old runs, events and sessions were removed.
    RetentionSwept = "retention.swept",
    /// Somebody deleted a session with its runs.
    SessionDeleted = "session.deleted",
    /// Somebody goes on from a session in a copy.
    SessionForked = "session.forked",
}
