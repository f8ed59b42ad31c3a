//! Pausing, resuming, revoking: what people do to a chat.

use std::collections::BTreeMap;

use countersign_domain::access::Scope;
use countersign_domain::approvals::{Approval, CancelReason, Status, cancel};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::{ApprovalNotice, Event};
use countersign_domain::service_conversations::{
    BadTarget, ChatEvent, ChatMode, ChatState, Refusal, ServiceChat, step,
};
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use super::current::Current;
use crate::caller::{Caller, Forbidden};
use crate::effect_gate::event;
use crate::gateway::{Gateway, Settles};
use crate::resolve_approval::{Answer, ResolveError};

/// What somebody does to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatChange {
    /// Nothing goes into it for now.
    Pause,
    /// It goes on, in the usual mode.
    Resume,
    /// It has another mode.
    Mode(ChatMode),
    /// It has ended, with all its drafts.
    Revoke,
    /// Its first message may go; or, after it was revoked, it may be written to again.
    Approve,
}

/// Why a chat is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeChatError {
    /// The caller may not decide.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Not a chat.
    #[error(transparent)]
    Target(#[from] BadTarget),
    /// Names are not looked up here.
    #[error("there is no service chat called `{0}`")]
    NotFound(String),
    /// It is not in a state for that.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The draft of its first message cannot be approved.
    #[error(transparent)]
    Draft(#[from] Box<ResolveError>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for ChangeChatError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// Does `change` to the chat that `target` names. When this returns it is on stable storage: a
    /// chat that is revoked sends nothing any more, whatever is at work.
    pub async fn change_service_chat(
        &self,
        target: &str,
        change: ChatChange,
        caller: &Caller,
    ) -> Result<ServiceChat, ChangeChatError> {
        caller.require(Scope::ApprovalsDecide)?;
        let id = self.known_chat(target).await?;
        if change == ChatChange::Approve
            && let ChatState::PendingFirstContact { approval, .. } =
                self.current_chat(&id).await?.chat.state
        {
            self.approve_first_contact(approval, caller).await?;
            return Ok(self.current_chat(&id).await?.chat);
        }
        let changed = self
            .until_settled(|| async {
                let current = self.current_chat(&id).await?;
                self.try_change(current, change, caller).await
            })
            .await?;
        let (next, woken) = changed;
        for run in woken {
            self.wake(run);
        }
        if change == ChatChange::Revoke {
            self.end_turns(&next, caller).await?;
        }
        Ok(next)
    }

    async fn approve_first_contact(
        &self,
        approval: ApprovalId,
        caller: &Caller,
    ) -> Result<(), ChangeChatError> {
        use countersign_domain::approvals::Choice;
        let digest = self.stored_approval(approval).await?.value.digest;
        let answer =
            Answer { choice: Choice::Once, reason: None, digest: Some(digest), count: None };
        match self.resolve_approval(approval, &answer, caller).await {
            Ok(_) => Ok(()),
            Err(ResolveError::Store(error)) => Err(error.into()),
            Err(error) => Err(Box::new(error).into()),
        }
    }

    async fn try_change(
        &self,
        current: Current,
        change: ChatChange,
        caller: &Caller,
    ) -> Result<(ServiceChat, Vec<RunId>), ChangeChatError> {
        let by = caller.principal.clone();
        let actor = Actor::Principal(by.clone());
        let settings = &self.settings.service;
        let (event, kind) = match change {
            ChatChange::Pause => {
                (ChatEvent::ModeSet { mode: ChatMode::Paused, by }, AuditKind::ServiceChatPaused)
            }
            ChatChange::Resume => {
                let mode = ChatMode::resumed(settings.default_mode);
                (ChatEvent::ModeSet { mode, by }, AuditKind::ServiceChatResumed)
            }
            ChatChange::Mode(mode) => {
                (ChatEvent::ModeSet { mode, by }, AuditKind::ServiceChatModeChanged)
            }
            ChatChange::Revoke => (ChatEvent::Revoked { by }, AuditKind::ServiceChatRevoked),
            ChatChange::Approve => (ChatEvent::Renewed { by }, AuditKind::ServiceChatApproved),
        };
        let next = step(&current.chat, &event, settings, self.clock.now())?;
        let session = next.place.as_ref().map(|place| place.session);
        let detail = json!({
            "from": current.chat.state.status(),
            "mode": next.state.mode(),
            "drafts": current.chat.drafts,
        });
        let mut work = UnitOfWork::new().and(self.chat_record(
            kind,
            actor.clone(),
            (&next.id, session),
            detail,
        ));
        let mut woken = Vec::new();
        if change == ChatChange::Revoke {
            let drafts = current.chat.drafts.iter().copied();
            woken = self.cancel_drafts(drafts, &actor, &mut work).await?;
        }
        work.push(current.becomes(next.clone()));
        self.commit(work).await?;
        Ok((next, woken))
    }

    /// Cancels what is still to be decided; the runs that waited for it go on in the same commit.
    async fn cancel_drafts(
        &self,
        drafts: impl Iterator<Item = ApprovalId>,
        by: &Actor,
        work: &mut UnitOfWork,
    ) -> Result<Vec<RunId>, StoreError> {
        let now = self.clock.now();
        let mut open: BTreeMap<RunId, Vec<Versioned<Approval>>> = BTreeMap::new();
        for draft in drafts {
            // One of a run that was removed since is gone with it.
            let Some(found) = self.store.approvals().approval(draft).await? else { continue };
            if found.value.status() == Status::Pending {
                open.entry(found.value.requester.run_id).or_default().push(found);
            }
        }
        for (run, approvals) in &open {
            for approval in approvals {
                let Ok(next) = cancel(&approval.value, CancelReason::ChatRevoked, by.clone(), now)
                else {
                    continue;
                };
                let notice = ApprovalNotice {
                    approval_id: next.id,
                    status: Status::Cancelled,
                    choice: None,
                    reason: None,
                    decided_by: None,
                };
                work.push(event(*run, now, Event::ApprovalResolved(notice)));
                work.push(self.audit_approval(&next, AuditKind::ApprovalCancelled, by.clone()));
                work.push(Change::UpdateApproval(Box::new(next), approval.version));
            }
            self.resume_waiting_run(*run, now, work).await?;
        }
        Ok(open.into_keys().collect())
    }

    /// Stops the turns that the chat's own words have begun.
    async fn end_turns(&self, chat: &ServiceChat, caller: &Caller) -> Result<(), StoreError> {
        let Some(place) = &chat.place else {
            return Ok(());
        };
        let caller = Caller { principal: caller.principal.clone(), ..Caller::operator() };
        for run in self.open_turns(&chat.id, place.session).await? {
            if let Err(error) = self.stop_run(run, &caller).await {
                tracing::warn!(%run, %error, "a turn of a revoked chat could not be stopped");
            }
        }
        Ok(())
    }
}
