//! Service chats in JSON.

use countersign_domain::digest::Digest;
use countersign_domain::ids::{ApprovalId, RunId, SessionId};
use countersign_domain::service_conversations::{
    ChatKind, ChatMode, ChatState, ChatStatus, SaidBy, ServiceChatId,
};
use countersign_domain::time::Timestamp;
use countersign_gateway::{ChatLimits, RecentView, SaidView, ServiceChatView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A recent chat of the account; nothing that was said is in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecentChat)]
pub(crate) struct RecentBody {
    #[schema(example = "whatsapp.chat")]
    object: &'static str,
    /// The number, or another id; only its end for who is no admin.
    #[schema(example = "+34600111222")]
    id: String,
    /// The name, made inert. Anybody can give themselves any name.
    #[schema(example = "Movistar")]
    name: Option<String>,
    /// `direct`, `group` or `broadcast`.
    #[schema(value_type = String, example = "direct")]
    kind: ChatKind,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    unread: u32,
}

/// The recent chats, and whether anything can be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecentChats)]
pub(crate) struct RecentChatsBody {
    #[schema(example = "list")]
    pub(super) object: &'static str,
    pub(super) data: Vec<RecentBody>,
    /// `on`, or `off` while `whatsapp.service_conversations.enabled` is.
    #[schema(example = "off")]
    pub(super) sending: &'static str,
    /// `account`: these are the account's chats; `seen`: only chats are known in which something was
    /// written to the number.
    #[schema(example = "account")]
    pub(super) listing: &'static str,
}

/// A service chat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceChat)]
pub(crate) struct ChatBody {
    #[schema(example = "whatsapp.service_chat")]
    object: &'static str,
    #[schema(value_type = String, example = "+34600111222")]
    chat_id: ServiceChatId,
    #[schema(example = "Movistar")]
    name: Option<String>,
    /// `unknown`, `pending_first_contact`, `approved` or `revoked`.
    #[schema(value_type = String, example = "approved")]
    status: ChatStatus,
    /// `draft_first`, `autonomous` or `paused`, if it is approved.
    #[schema(value_type = Option<String>, example = "draft_first")]
    mode: Option<ChatMode>,
    /// What it is for.
    #[schema(example = "the line is down")]
    purpose: Option<String>,
    /// The session that replies join.
    #[schema(value_type = Option<String>)]
    session_id: Option<SessionId>,
    /// Texts that went by themselves within the last hour.
    sent_this_hour: u64,
    /// Drafts that wait to be decided.
    open_drafts: Vec<DraftBody>,
    /// When the provider was last heard.
    #[schema(value_type = Option<String>, format = DateTime)]
    heard_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A draft.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceDraft)]
pub(crate) struct DraftBody {
    #[schema(value_type = String)]
    approval_id: ApprovalId,
    #[schema(value_type = String)]
    run_id: RunId,
}

/// How much of the limits is used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceLimits)]
pub(crate) struct LimitsBody {
    /// `on` or `off`.
    #[schema(example = "on")]
    enabled: &'static str,
    /// Chats that were begun within 24 hours.
    begun_within_24h: u64,
    #[schema(example = 3)]
    max_new_service_chats_per_day: u32,
    #[schema(example = 6)]
    max_auto_sends_per_chat_per_hour: u32,
}

/// Every service chat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceChats)]
pub(crate) struct ChatsBody {
    #[schema(example = "list")]
    pub(super) object: &'static str,
    pub(super) data: Vec<ChatBody>,
    pub(super) limits: LimitsBody,
}

/// A service chat and the end of its thread, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceThread)]
pub(crate) struct ThreadBody {
    pub(super) chat: ChatBody,
    pub(super) messages: Vec<SaidBody>,
    /// What to give as `cursor` for what came before.
    pub(super) next_cursor: Option<String>,
}

/// A message of a thread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceMessage)]
pub(crate) struct SaidBody {
    #[schema(example = "said_0197f3a2b4c87d10a1b2c3d4e5f60718")]
    message_id: String,
    /// `provider`, `house` (the agent, or you through the gateway) or `by_hand` (you, on another
    /// device).
    #[schema(example = "provider")]
    who: &'static str,
    text: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The approval that a message of the house went under; none if it went by itself.
    #[schema(value_type = Option<String>)]
    approval_id: Option<ApprovalId>,
    /// What became of a message of the house: `sending`, `sent`, `failed` or `unknown`.
    #[schema(example = "sent")]
    outcome: Option<&'static str>,
    /// Whether the model was given what the provider wrote: `given` or `kept`.
    #[schema(example = "given")]
    model: Option<&'static str>,
}

/// A message that you want sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StartServiceChat, example = json!({
    "target": "+34 600 111 222", "message": "Hello, my line is down.", "purpose": "line is down"
}))]
pub(crate) struct StartBody {
    /// A phone number with its country code, a JID, or the name of a recent chat.
    #[schema(min_length = 1)]
    pub(super) target: String,
    /// The whole text.
    #[schema(min_length = 1)]
    pub(super) message: String,
    /// What the conversation is for.
    pub(super) purpose: Option<String>,
    /// The session that the replies join; a new one by default.
    #[schema(value_type = Option<String>, pattern = "^sess_[0-9a-f]{32}$")]
    pub(super) session_id: Option<SessionId>,
}

/// The run that drafts it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceChatStarted)]
pub(crate) struct StartedBody {
    #[schema(example = "run")]
    pub(super) object: &'static str,
    #[schema(value_type = String)]
    pub(super) run_id: RunId,
    #[schema(value_type = String)]
    pub(super) session_id: SessionId,
}

/// What is done to a chat.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeServiceChat, example = json!({"change": "pause"}))]
pub(crate) struct ChangeBody {
    pub(super) change: ChangeWord,
    /// The digest of the first message that the person saw: needed to approve one that waits.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) digest: Option<Digest>,
}

/// `pause`, `resume` (after a pause, in the mode before it), `draft_first` or `autonomous` (that mode), `revoke`, or
/// `approve`: the first message that waits, with its `digest`, or the chat anew after it was revoked.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ServiceChatChange)]
pub(crate) enum ChangeWord {
    Pause,
    Resume,
    DraftFirst,
    Autonomous,
    Revoke,
    Approve,
}

impl From<RecentView> for RecentBody {
    fn from(view: RecentView) -> Self {
        let RecentView { id, name, kind, last_message_at, unread } = view;
        Self { object: "whatsapp.chat", id, name, kind, last_message_at, unread }
    }
}

impl From<ServiceChatView> for ChatBody {
    fn from(view: ServiceChatView) -> Self {
        let ServiceChatView { chat, sent_this_hour, open_drafts } = view;
        let draft = |(approval_id, run_id)| DraftBody { approval_id, run_id };
        Self {
            object: "whatsapp.service_chat",
            status: chat.state.status(),
            mode: match &chat.state {
                ChatState::Approved { mode, .. } => Some(*mode),
                ChatState::Unknown
                | ChatState::PendingFirstContact { .. }
                | ChatState::Revoked { .. } => None,
            },
            chat_id: chat.id,
            name: chat.name,
            purpose: chat.purpose,
            session_id: chat.place.map(|place| place.session),
            sent_this_hour,
            open_drafts: open_drafts.into_iter().map(draft).collect(),
            heard_at: chat.heard_at,
            updated_at: chat.updated_at,
        }
    }
}

impl From<ChatLimits> for LimitsBody {
    fn from(limits: ChatLimits) -> Self {
        Self {
            enabled: if limits.enabled { "on" } else { "off" },
            begun_within_24h: limits.begun_today,
            max_new_service_chats_per_day: limits.most_new,
            max_auto_sends_per_chat_per_hour: limits.most_auto,
        }
    }
}

impl From<SaidView> for SaidBody {
    fn from(view: SaidView) -> Self {
        let SaidView { said, outcome } = view;
        let (who, approval_id, model) = match said.by {
            SaidBy::Provider { given, .. } => {
                ("provider", None, Some(if given { "given" } else { "kept" }))
            }
            SaidBy::ByHand => ("by_hand", None, None),
            SaidBy::House { approval, .. } => ("house", approval, None),
        };
        Self {
            message_id: said.id.to_string(),
            who,
            text: said.text,
            at: said.at,
            approval_id,
            outcome,
            model,
        }
    }
}
