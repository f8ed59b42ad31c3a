//! Looking at chats.

use std::ops::Deref;

use countersign_domain::access::Scope;
use countersign_domain::ids::{ApprovalId, RunId, SaidId};
use countersign_domain::runs::{ToolCallState, ToolStatus};
use countersign_domain::service_conversations::{
    ChatKind, CountedKind, DAY, Numbers, RecentChat, Said, SaidBy, ServiceChat, ServiceChatId,
    Target, named, read_target,
};
use countersign_domain::time::Timestamp;
use countersign_ports::effect_gate::Groups;
use countersign_ports::service_bridge::BridgeError;
use countersign_ports::store::StoreError;

use super::change::ChangeChatError;
use super::converse::numbers_for;
use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// How many messages of a thread are shown.
const SHOWN: usize = 100;

/// The most recent chats that are listed at one time.
const MOST_RECENT: usize = 200;

/// A service chat, as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChatView {
    /// The chat.
    pub chat: ServiceChat,
    /// How many texts went by themselves within the last hour.
    pub sent_this_hour: u64,
    /// Drafts that wait to be decided.
    pub open_drafts: Vec<(ApprovalId, RunId)>,
}

/// How much of the limits is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatLimits {
    /// Whether there are service conversations.
    pub enabled: bool,
    /// Chats that were begun within 24 hours.
    pub begun_today: u64,
    /// How many may be.
    pub most_new: u32,
    /// How many texts may go by themselves into one chat within an hour.
    pub most_auto: u32,
}

/// A message of a thread, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidView {
    /// The message.
    pub said: Said,
    /// What became of one that the house sent: `sending`, `sent`, `failed` or `unknown`.
    pub outcome: Option<&'static str>,
}

/// A part of a thread, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadPart {
    /// The messages.
    pub said: Vec<SaidView>,
    /// Older ones come before this one; `None`: there are none.
    pub older: Option<SaidId>,
}

impl Deref for ThreadPart {
    type Target = [SaidView];

    fn deref(&self) -> &[SaidView] {
        &self.said
    }
}

/// A recent chat, as somebody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentView {
    /// Its number or id; only its end for who is no admin.
    pub id: String,
    /// Its name, inert.
    pub name: Option<String>,
    /// What it is.
    pub kind: ChatKind,
    /// When something was last said in it.
    pub last_message_at: Option<Timestamp>,
    /// How much in it is unread.
    pub unread: u32,
}

/// Why chats are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ServiceChatsError {
    /// The caller may not see them.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such chat.
    #[error("there is no service chat `{0}`")]
    NotFound(String),
    /// The bridge says nothing.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// The recent chats of the user's account. Listing is safe: nothing that was said is in it, and
    /// it works while service conversations are off.
    pub async fn recent_chats(
        &self,
        limit: usize,
        groups: Groups,
        caller: &Caller,
    ) -> Result<Vec<RecentView>, ServiceChatsError> {
        caller.require(Scope::ApprovalsRead)?;
        Ok(self.recent_views(limit, groups, caller.may(Scope::Admin)).await?)
    }

    /// The same for somebody whose right to it is known; `whole` shows numbers in full.
    pub(crate) async fn recent_views(
        &self,
        limit: usize,
        groups: Groups,
        whole: bool,
    ) -> Result<Vec<RecentView>, BridgeError> {
        let wanted = limit.clamp(1, MOST_RECENT);
        let chats = self.recent(MOST_RECENT).await?;
        let listed = |chat: &RecentChat| chat.kind == ChatKind::Direct || groups == Groups::Listed;
        let view = |chat: RecentChat| RecentView {
            id: shown_id(&chat, whole),
            name: chat.shown_name(),
            kind: chat.kind,
            last_message_at: chat.last_message_at,
            unread: chat.unread,
        };
        Ok(chats.into_iter().filter(listed).take(wanted).map(view).collect())
    }

    /// Every service chat.
    pub async fn service_chats(
        &self,
        caller: &Caller,
    ) -> Result<(Vec<ServiceChatView>, ChatLimits), ServiceChatsError> {
        caller.require(Scope::ApprovalsRead)?;
        let mut ids: Vec<ServiceChatId> =
            self.store.service().chats().await?.into_iter().map(|chat| chat.id).collect();
        if self.settings.service.enabled.is_on() {
            ids.extend(self.settings.service.approved_chats.iter().cloned());
        }
        ids.sort();
        ids.dedup();
        let mut views = Vec::new();
        for id in ids {
            views.push(self.chat_view(self.current_chat(&id).await?.chat).await?);
        }
        Ok((views, self.chat_limits().await?))
    }

    /// One service chat and the end of its thread, newest first. The thread is for whoever it is led
    /// for and for administrators; it is empty for others.
    pub async fn service_chat(
        &self,
        target: &str,
        before: Option<SaidId>,
        caller: &Caller,
    ) -> Result<(ServiceChatView, ThreadPart), ServiceChatsError> {
        caller.require(Scope::ApprovalsRead)?;
        let missing = || ServiceChatsError::NotFound(target.chars().take(80).collect());
        let id = match self.known_chat(target, numbers_for(caller.may(Scope::Admin))).await {
            Ok(id) => id,
            Err(ChangeChatError::Store(error)) => return Err(error.into()),
            Err(_) => return Err(missing()),
        };
        let current = self.current_chat(&id).await?;
        if current.version.is_none() && !self.settings.service.lists(&id) {
            return Err(missing());
        }
        let mut thread = ThreadPart::default();
        let owner = current.chat.place.as_ref().map(|place| &place.owner);
        if !caller.may(Scope::Admin) && owner != Some(&caller.principal) {
            return Ok((self.chat_view(current.chat).await?, thread));
        }
        let mut found = self.store.service().said(&current.chat.id, before, SHOWN + 1).await?;
        let is_more = found.len() > SHOWN;
        found.truncate(SHOWN);
        thread.older = found.last().map(|said| said.id).filter(|_| is_more);
        for said in found {
            let outcome = self.outcome_of(&said).await?;
            let text = self.redactor.redact(&said.text).into_owned();
            thread.said.push(SaidView { said: Said { text, ..said }, outcome });
        }
        Ok((self.chat_view(current.chat).await?, thread))
    }

    /// How much of the limits is used now.
    pub(crate) async fn chat_limits(&self) -> Result<ChatLimits, StoreError> {
        let settings = &self.settings.service;
        let since = self.clock.now().before(DAY);
        let begun_today = self.store.service().counted(CountedKind::NewChat, None, since).await?;
        Ok(ChatLimits {
            enabled: settings.enabled.is_on(),
            begun_today,
            most_new: settings.max_new_per_day,
            most_auto: settings.max_auto_per_hour,
        })
    }

    /// The service chat that `target` names: by number, JID, or the name of one that is known.
    pub(crate) async fn known_chat(
        &self,
        target: &str,
        numbers: Numbers,
    ) -> Result<ServiceChatId, ChangeChatError> {
        match read_target(target)? {
            Target::Bare(id) if self.knows_chat(&id).await? => Ok(id),
            Target::Bare(id) => Err(id.without_country().into()),
            Target::Chat(id) => Ok(self.canonical_chat(&id).await?),
            Target::Name(name) => {
                let chats = self.store.service().chats().await?;
                let known: Vec<_> =
                    chats.into_iter().filter_map(|chat| Some((chat.id, chat.name?))).collect();
                let found = named(&name, &known, numbers);
                let found = found.map_err(|unclear| ChangeChatError::NotFound(unclear.to_string()));
                found.map(|(id, _)| id)
            }
        }
    }

    /// Whether the store or the configuration has this very chat.
    pub(super) async fn knows_chat(&self, id: &ServiceChatId) -> Result<bool, StoreError> {
        let configured = self.settings.service.approved_chats.contains(id);
        Ok(configured || self.store.service().chat(id).await?.is_some())
    }

    async fn chat_view(&self, chat: ServiceChat) -> Result<ServiceChatView, StoreError> {
        let mut open_drafts = Vec::new();
        for draft in &chat.drafts {
            if let Some(found) = self.store.approvals().approval(*draft).await?
                && found.value.status() == countersign_domain::approvals::Status::Pending
            {
                open_drafts.push((*draft, found.value.requester.run_id));
            }
        }
        let sent_this_hour = self.sent_by_itself(&chat).await?;
        Ok(ServiceChatView { chat, sent_this_hour, open_drafts })
    }

    /// What became of a message that the house sent: its call says so.
    async fn outcome_of(&self, said: &Said) -> Result<Option<&'static str>, StoreError> {
        let SaidBy::House { call, .. } = &said.by else {
            return Ok(None);
        };
        let found = self.store.runs().call(*call).await?;
        Ok(found.map(|found| match found.value.state {
            ToolCallState::Done { result } => match result.status {
                ToolStatus::Ok => "sent",
                ToolStatus::Indeterminate => "unknown",
                ToolStatus::Denied
                | ToolStatus::Expired
                | ToolStatus::Blocked
                | ToolStatus::Error
                | ToolStatus::Cancelled => "failed",
            },
            ToolCallState::Proposed
            | ToolCallState::AwaitingApproval { .. }
            | ToolCallState::AwaitingAnswer { .. }
            | ToolCallState::Started { .. } => "sending",
        }))
    }
}

fn shown_id(chat: &RecentChat, whole: bool) -> String {
    match (chat.person(), whole) {
        (Some(id), true) => id.to_string(),
        (Some(id), false) => id.masked(),
        (None, true) => countersign_domain::display::one_line(&chat.id, 80),
        (None, false) => chat.kind.as_str().to_owned(),
    }
}
