//! Pausing, resuming, revoking: what people do to a chat.

use std::collections::BTreeMap;

use countersign_domain::access::Scope;
use countersign_domain::approvals::{
    Approval, Attempt, CancelReason, Choice, LapseReason, NotAnApprover, Status, cancel, lapse,
};
use countersign_domain::audit::AuditKind;
use countersign_domain::digest::Digest;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{ApprovalId, RunId};
use countersign_domain::runs::{ApprovalNotice, Event};
use countersign_domain::service_conversations::{
    BadTarget, ChatEvent, ChatMode, ChatState, Refusal, ServiceChat, step,
};
use countersign_domain::verdict::Severity;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use super::converse::numbers_for;
use super::current::Current;
use crate::caller::{Caller, Forbidden};
use crate::effect_gate::{event, lapsed};
use crate::gateway::{Gateway, Settles};
use crate::resolve_approval::{Answer, ResolveError};

/// What somebody does to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatChange {
    /// Nothing goes into it for now.
    Pause,
    /// It goes on after a pause, in the mode that it had.
    Resume,
    /// It has another mode.
    Mode(ChatMode),
    /// It has ended, with all its drafts.
    Revoke,
    /// Its first message may go; or, after it was revoked, it may be written to again.
    Approve {
        /// The digest of the first message that the person saw.
        seen: Option<Digest>,
    },
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
    /// Its first message waits, and whoever answers has not said what they saw.
    #[error("its first message waits to be decided: answer `{0}` where it is shown")]
    Unseen(ApprovalId),
    /// They may not let the chat do more.
    #[error(transparent)]
    NotAnApprover(#[from] NotAnApprover),
    /// One person does not let it do more.
    #[error(
        "{0} people have to agree on what lets a chat do more, by `approvals.quorum`: the \
         configuration can say it, one answer cannot"
    )]
    Quorum(u32),
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
        let numbers = numbers_for(caller.may(Scope::Admin));
        let id = self.known_chat(target, numbers).await?;
        if let ChatChange::Approve { seen } = change
            && let ChatState::PendingFirstContact { approval, .. } =
                self.current_chat(&id).await?.chat.state
        {
            let seen = seen.ok_or(ChangeChatError::Unseen(approval))?;
            self.approve_first_contact((approval, seen), caller).await?;
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
        (approval, seen): (ApprovalId, Digest),
        caller: &Caller,
    ) -> Result<(), ChangeChatError> {
        let answer = Answer { choice: Choice::Once, reason: None, digest: Some(seen), count: None };
        match self.resolve_approval(approval, &answer, caller).await {
            Ok(_) => Ok(()),
            Err(ResolveError::Store(error)) => Err(error.into()),
            Err(error) => Err(Box::new(error).into()),
        }
    }

    /// Refuses what lets a chat do more from whoever could not approve a message of whom it is led
    /// for, or not alone.
    fn may_loosen(
        &self,
        chat: &ServiceChat,
        change: ChatChange,
        caller: &Caller,
    ) -> Result<(), ChangeChatError> {
        let loosens = match change {
            ChatChange::Pause | ChatChange::Revoke => false,
            ChatChange::Resume | ChatChange::Approve { .. } => true,
            ChatChange::Mode(mode) => chat.state.mode().is_some_and(|now| mode > now),
        };
        if !loosens {
            return Ok(());
        }
        let owner = chat.place.as_ref().map_or(&Principal::Operator, |place| &place.owner);
        let (by, rights) = (caller.principal.clone(), caller.rights());
        let attempt = Attempt { by, rights, choice: Choice::Once };
        self.settings.approvers.authorize_change(owner, &attempt, self.clock.now())?;
        match self.settings.quorum.needed(Some(Severity::High)) {
            0 | 1 => Ok(()),
            several => Err(ChangeChatError::Quorum(several)),
        }
    }

    async fn try_change(
        &self,
        current: Current,
        change: ChatChange,
        caller: &Caller,
    ) -> Result<(ServiceChat, Vec<RunId>), ChangeChatError> {
        self.may_loosen(&current.chat, change, caller)?;
        let by = caller.principal.clone();
        let actor = Actor::Principal(by.clone());
        let settings = &self.settings.service;
        let (event, kind) = match change {
            ChatChange::Pause => {
                (ChatEvent::ModeSet { mode: ChatMode::Paused, by }, AuditKind::ServiceChatPaused)
            }
            ChatChange::Resume => (ChatEvent::Resumed { by }, AuditKind::ServiceChatResumed),
            ChatChange::Mode(mode) => {
                (ChatEvent::ModeSet { mode, by }, AuditKind::ServiceChatModeChanged)
            }
            ChatChange::Revoke => (ChatEvent::Revoked { by }, AuditKind::ServiceChatRevoked),
            ChatChange::Approve { .. } => {
                (ChatEvent::Renewed { by }, AuditKind::ServiceChatApproved)
            }
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

    /// Cancels what is still to be decided, and lets lapse what was approved and has not left; the
    /// runs that waited for it go on in the same commit.
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
            if matches!(found.value.status(), Status::Pending | Status::Approved) {
                open.entry(found.value.requester.run_id).or_default().push(found);
            }
        }
        for (run, approvals) in &open {
            for approval in approvals {
                if let Ok(next) = lapse(&approval.value, LapseReason::Forbidden, now) {
                    work.push(event(*run, now, lapsed(next.id)));
                    work.push(self.audit_approval(&next, AuditKind::ApprovalLapsed, by.clone()));
                    self.end_grant(&approval.value, now, work).await?;
                    work.push(Change::UpdateApproval(Box::new(next), approval.version));
                    continue;
                }
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
