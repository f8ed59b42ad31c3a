//! Editing a draft: a person changes the content of a pending approval before deciding it.

use countersign_domain::access::Scope;
use countersign_domain::approvals::{
    Approval, Attempt, Choice, Draft, EditError, NotAnApprover, edit, offer,
};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Actor;
use countersign_domain::ids::ApprovalId;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, Value, json};

use crate::caller::{Caller, Forbidden};
use crate::gateway::{Gateway, Settles};
use crate::service_chats::still_only_once;

/// What somebody makes of the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewContent {
    /// The whole new content.
    pub content: String,
    /// The digest of what the person changed.
    pub digest: Digest,
}

/// Why content is not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditApprovalError {
    /// No such approval, or the caller may not see it.
    #[error("there is no approval `{0}`")]
    NotFound(ApprovalId),
    /// The caller may not decide anything.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The caller may not decide this.
    #[error(transparent)]
    NotAnApprover(#[from] NotAnApprover),
    /// The approval does not take the content.
    #[error("{error}")]
    Refused {
        /// Why.
        error: EditError,
        /// The approval as it is.
        approval: Box<Approval>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for EditApprovalError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// Replaces the content of a pending approval. Who may approve it may do that; the decision is
    /// still to be made, and is bound to the new content.
    pub async fn edit_approval(
        &self,
        id: ApprovalId,
        new: &NewContent,
        caller: &Caller,
    ) -> Result<Approval, EditApprovalError> {
        caller.require(Scope::ApprovalsDecide)?;
        self.until_settled(|| self.try_edit(id, new, caller)).await
    }

    async fn try_edit(
        &self,
        id: ApprovalId,
        new: &NewContent,
        caller: &Caller,
    ) -> Result<Approval, EditApprovalError> {
        let found = self.store.approvals().approval(id).await?;
        let before = found.ok_or(EditApprovalError::NotFound(id))?;
        let approval = &before.value;
        let attempt =
            Attempt { by: caller.principal.clone(), rights: caller.rights(), choice: Choice::Once };
        let now = self.clock.now();
        if let Err(refused) = self.settings.approvers.authorize(approval, &attempt, now) {
            self.audit_refused_edit(approval, caller, "not an approver").await?;
            return Err(refused.into());
        }
        let draft = self.draft(approval, new);
        let edited =
            draft.and_then(|draft| edit(approval, draft, new.digest, (&caller.principal, now)));
        let mut edited = match edited {
            Ok(edited) => edited,
            Err(error) => {
                self.audit_refused_edit(approval, caller, &error.to_string()).await?;
                let approval = Box::new(approval.clone());
                return Err(EditApprovalError::Refused { error, approval });
            }
        };
        edited.needed =
            self.settings.quorum.needed(edited.assessment.severity()).max(edited.needed);
        if edited.digest == approval.digest {
            return Ok(before.value);
        }
        let digests = json!({ "from": approval.digest, "to": edited.digest });
        let work = UnitOfWork::new()
            .and(self.update_event(&edited, "edited"))
            .and(self.edit_record(AuditKind::ApprovalEdited, approval, caller, digests))
            .and(Change::UpdateApproval(Box::new(edited.clone()), before.version));
        self.commit(work).await?;
        Ok(edited)
    }

    /// What the approval would be about, judged anew.
    fn draft(&self, approval: &Approval, new: &NewContent) -> Result<Draft, EditError> {
        let action =
            approval.action.with_content(new.content.clone()).ok_or(EditError::NotEditable)?;
        let assessed = self.guard.assess(&action);
        let holds_secret = self.redactor.finds_secret(&action.canonical_json());
        let offer = offer(&assessed.assessment, assessed.matcher(&action), holds_secret);
        let (assessment, offer) = still_only_once(approval, assessed.assessment, offer);
        Ok(Draft { action, assessment, offer })
    }

    async fn audit_refused_edit(
        &self,
        approval: &Approval,
        caller: &Caller,
        why: &str,
    ) -> Result<(), StoreError> {
        let why = json!({ "refused": self.redactor.redact(why) });
        let record = self.edit_record(AuditKind::ApprovalRefused, approval, caller, why);
        self.commit(UnitOfWork::new().and(record)).await?;
        Ok(())
    }

    fn edit_record(
        &self,
        kind: AuditKind,
        approval: &Approval,
        caller: &Caller,
        what: Value,
    ) -> Change {
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::Principal(caller.principal.clone()),
            subject: approval.id.to_string(),
            session: Some(approval.requester.session_id),
            detail: Map::from_iter([("edit".to_owned(), what)]),
        }))
    }
}
